import { join } from "node:path";
import type { GitBackend } from "./backend/backend.ts";
import { type ShellBackend, createShellBackend } from "./backend/shell/shell-backend.ts";
import type { Config } from "./config.ts";
import type { BackendControl } from "./contract/context.ts";
import { Admission } from "./engine/admission.ts";
import { Engine } from "./engine/engine.ts";
import { EventBus } from "./events/event-bus.ts";
import { Journal } from "./events/journal.ts";
import { operations } from "./operations/index.ts";
import { Hooks } from "./refs/hooks.ts";
import { recover } from "./refs/recovery.ts";
import { RefDoor } from "./refs/ref-door.ts";
import { createRepositoryOpener } from "./refs/repository-opener.ts";
import { type DataDirectory, openDataDirectory } from "./storage/data-directory.ts";
import { LockTable } from "./storage/lock-table.ts";
import { Pins } from "./storage/pins.ts";
import { createRepositories } from "./storage/repositories.ts";
import { RepositoryLocator } from "./storage/repository-locator.ts";
import { RepositoryLocks } from "./storage/repository-locks.ts";
import { createStorages } from "./storage/storages.ts";
import { systemClock } from "./telemetry/clock.ts";
import { grpcObserver } from "./telemetry/grpc-observer.ts";
import { requestIds } from "./telemetry/request-ids.ts";
import { type Telemetry, createTelemetry } from "./telemetry/telemetry.ts";
import { STATUS_CODE_LABELS } from "./transports/api/gitaly/grpc/status-code.ts";
import { startGitalyDoor } from "./transports/api/gitaly/start-gitaly-door.ts";
import { controlSocket } from "./transports/control/client.ts";
import { startControlServer } from "./transports/control/server.ts";
import { VERSION } from "./version.ts";

/** A server whose doors are open. */
export interface RunningServer {
  /** Addresses of the open doors, by the door's name. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Lets running requests finish, up to the configured time, and closes everything. */
  stop(): Promise<void>;
}

/** Something that was opened, and is closed in the reverse order. */
interface Opened {
  close(): void | Promise<void>;
}

/** Starts a server: takes the data directory, settles what an earlier one left, opens the doors. Rejects when any of it fails. */
export async function serve(config: Config): Promise<RunningServer> {
  const opened: Opened[] = [];
  const close = async () => {
    for (const { close: closeOne } of opened.toReversed()) await closeOne();
  };
  try {
    const addresses = await open(config, (one) => opened.push(one));
    return { addresses, stop: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(config: Config, add: (one: Opened) => void): Promise<Record<string, string>> {
  const telemetry = createTelemetry({ version: VERSION, logLevel: config.logLevel, clock: systemClock });
  add(telemetry);
  const data = await openDataDirectory(config.data);
  add({ close: () => data.release() });
  const { engine } = await openEngine(config, telemetry, data, add);
  const newRequestId = requestIds();
  add(
    startControlServer({
      path: controlSocket(data.path),
      engine,
      operations,
      newRequestId,
      onBug: (err, request_id) => telemetry.log.logger.error({ err, request_id }, "bug"),
    }),
  );
  const addresses: Record<string, string> = {};
  if (config.grpcPort !== "off") {
    const door = {
      engine,
      conflictWord: config.gitalyConflictWord,
      mergeRequestRefsOnly: config.gitalyTargetRefs === "merge-requests",
      callerIdsRequired: config.gitalyRequireGl,
    };
    const server = await startGitalyDoor(door, {
      host: config.host,
      port: config.grpcPort,
      secrets: { current: config.grpcToken, previous: config.grpcTokenPrevious },
      nowMs: () => systemClock.nowMs(),
      newRequestId,
      observe: grpcObserver(telemetry.metrics, STATUS_CODE_LABELS),
    });
    add({ close: () => server.close(config.drainTimeoutMs) });
    addresses["grpc"] = `${server.host}:${server.port}`;
  }
  data.announce(addresses["grpc"] ?? controlSocket(data.path));
  return addresses;
}

/** Everything behind the doors; exported for tests of operations, which need no door. */
export async function openEngine(config: Config, telemetry: Telemetry, data: DataDirectory, add: (one: Opened) => void) {
  const { log, metrics } = telemetry;
  const { git, backends, shell } = createGit(telemetry);
  add(git);
  const storages = await createStorages(config.storages);
  const locator = new RepositoryLocator(storages);
  const locks = new RepositoryLocks(new LockTable(), {
    timeoutMs: config.lockTimeoutMs,
    onWaited: (side, waitedMs) => metrics.lockWaitSeconds(side).observe(waitedMs / 1000),
  });
  const pins = new Pins({ timeoutMs: config.lockTimeoutMs });
  const bus = new EventBus((err) => log.logger.error({ err }, "event listener failed"));
  const journal = Journal.open({
    directory: join(data.path, "journal"),
    keepDays: config.eventsKeepDays,
    clock: systemClock,
    bus,
  });
  add({ close: () => journal.close() });
  await recover({
    journal,
    locator,
    git,
    onRecovered: (event, outcome) =>
      log.logger.warn({ sequence: String(event.sequence), repository: event.repository, outcome }, "change recovered"),
    onFailed: (repository, err) => log.logger.error({ err, repository }, "recovery failed"),
  });
  const hooks = new Hooks({
    globalDirectory: config.hooksPath,
    timeoutMs: config.hookTimeoutMs,
    processes: {
      started: () => {
        metrics.childrenStarted("hook").add();
        metrics.childrenRunning.add(1);
      },
      ended: () => metrics.childrenRunning.add(-1),
    },
    onIgnoredFailure: (hook, gitDir, err) => log.logger.warn({ err, hook, git_dir: gitDir }, "hook failed afterwards"),
  });
  const door = new RefDoor({ journal, locks, hooks });
  const engine = new Engine({
    opener: createRepositoryOpener({ locator, locks, pins, door, git }),
    repositories: createRepositories({
      storages,
      locator,
      locks,
      pins,
      forget: async () => {},
      onDeleteFailed: (gitDir, err) => log.logger.error({ err, git_dir: gitDir }, "removed repository not deleted"),
    }),
    backends,
    server: { version: VERSION, gitVersion: () => shell.version() },
    admission: new Admission({
      requestsMax: config.requestsMax,
      requestsPerRepositoryMax: config.repositoryRequestsMax,
      waitMaxMs: config.requestWaitMs,
      waitingMax: config.requestsWaitingMax,
    }),
    recorder: telemetry.recorder,
    clock: systemClock,
    limits: {
      pushBytesMax: config.pushBytesMax,
      blobBytesMax: config.blobBytesMax,
      answerBytesMax: config.answerBytesMax,
    },
  });
  return { engine };
}

interface Git {
  readonly git: GitBackend;
  readonly shell: ShellBackend;
  readonly backends: BackendControl;
}

function createGit({ metrics }: Telemetry): Git {
  const shell = createShellBackend({
    onChild: (event) => {
      if (event.kind === "started") metrics.childrenStarted(event.command).add();
      metrics.childrenRunning.add(event.kind === "started" ? 1 : -1);
    },
    clock: systemClock,
  });
  const backends: BackendControl = {
    current: () => "shell",
    available: () => ["shell"],
    counters: () => ({}),
    switchTo() {},
  };
  return { git: shell, shell, backends };
}
