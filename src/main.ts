import { join } from "node:path";
import type { GitBackend } from "./backend/backend.ts";
import { loadAddon } from "./backend/libgit2/addon.ts";
import { createLibgit2Backend } from "./backend/libgit2/libgit2-backend.ts";
import { createRoutedBackend, type RoutedBackend } from "./backend/routed/routed-backend.ts";
import { createShellBackend, type ShellBackend } from "./backend/shell/shell-backend.ts";
import { createTracedBackend } from "./backend/tracing/traced-backend.ts";
import type { Config } from "./config.ts";
import type { Repositories } from "./contract/context.ts";
import { OperationError } from "./domain/errors.ts";
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
import type { Log } from "./telemetry/log.ts";
import { METRICS_CONTENT_TYPE } from "./telemetry/metric-registry.ts";
import { type Telemetry, createTelemetry } from "./telemetry/telemetry.ts";
import { codeOfStatusError } from "./transports/api/gitaly/code-of-status.ts";
import { STATUS_CODE_LABELS } from "./transports/api/gitaly/grpc/status-code.ts";
import { startGitalyDoor } from "./transports/api/gitaly/start-gitaly-door.ts";
import { controlSocket } from "./transports/control/client.ts";
import { startControlServer } from "./transports/control/server.ts";
import { type HealthCheck, healthDoor, type Lifecycle } from "./transports/http/health-door.ts";
import type { HttpDoor } from "./transports/http/http-door.ts";
import { startHttpServer } from "./transports/http/http-server.ts";
import { metricsDoor } from "./transports/http/metrics-door.ts";
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
  const telemetry = createTelemetry({
    version: VERSION,
    logLevel: config.logLevel,
    clock: systemClock,
    codeOfDoorError: codeOfStatusError,
  });
  add(telemetry);
  const data = await openDataDirectory(config.data);
  add({ close: () => data.release() });
  const { engine, repositories } = await openEngine(config, telemetry, data, add);
  const newRequestId = requestIds();
  const onBug = (err: unknown, request_id: string) => telemetry.log.logger.error({ err, request_id }, "bug");
  // A promise that nobody waited for is a bug of one request, and no reason to end all others.
  const onRejection = (err: unknown) => telemetry.log.logger.error({ err }, "bug: unhandled rejection");
  process.on("unhandledRejection", onRejection);
  add({ close: () => void process.off("unhandledRejection", onRejection) });
  add(
    startControlServer({
      path: controlSocket(data.path),
      engine,
      operations,
      newRequestId,
      onBug,
    }),
  );
  const addresses: Record<string, string> = {};
  let lifecycle: Lifecycle = "starting";
  const http = openHttp(
    config,
    telemetry,
    newRequestId,
    { storages: () => checkStorages(repositories) },
    () => lifecycle,
  );
  add(http);
  if (http.http !== undefined) addresses["http"] = http.http;
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
      onRefused: (operation, peer, { code }) =>
        telemetry.log.logger.info({ operation, door: "gitaly", code: STATUS_CODE_LABELS[code], peer }, "refused"),
      answerBytesMax: config.answerBytesMax,
      onBug,
    });
    add({ close: () => server.close(config.drainTimeoutMs) });
    addresses["grpc"] = `${server.host}:${server.port}`;
  }
  lifecycle = "running";
  // Closed first of all: whoever watches the server's health hears of its end before its doors close.
  add({ close: () => void (lifecycle = "draining") });
  data.announce(addresses["grpc"] ?? controlSocket(data.path));
  return addresses;
}

/** Everything behind the doors; exported for tests of operations, which need no door. */
export async function openEngine(
  config: Config,
  telemetry: Telemetry,
  data: DataDirectory,
  add: (one: Opened) => void,
) {
  const { log, metrics } = telemetry;
  const storages = await createStorages(config.storages);
  add({ close: () => storages.close() });
  const { git, shell } = createGit(config, telemetry);
  add(git);
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
  const repositories = createRepositories({
    storages,
    locator,
    locks,
    pins,
    forget: async (gitDir) => git.forget(gitDir),
    onDeleteFailed: (gitDir, err) => log.logger.error({ err, git_dir: gitDir }, "removed repository not deleted"),
  });
  const engine = new Engine({
    opener: createRepositoryOpener({ locator, locks, pins, door, git }),
    repositories,
    backends: git,
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
  return { engine, repositories, git };
}

/** Opens the HTTP port, and a port for metrics alone where one is configured. */
function openHttp(
  config: Config,
  telemetry: Telemetry,
  newRequestId: () => string,
  checks: Readonly<Record<string, HealthCheck>>,
  lifecycle: () => Lifecycle,
) {
  const startedAtMs = systemClock.monotonicMs();
  const health = healthDoor({
    version: VERSION,
    checks,
    lifecycle,
    uptimeMs: () => systemClock.monotonicMs() - startedAtMs,
  });
  const metrics = metricsDoor({ contentType: METRICS_CONTENT_TYPE, render: () => telemetry.registry.render() });
  const listen = (port: number, doors: readonly HttpDoor[]) =>
    startHttpServer({
      host: config.host,
      port,
      doors,
      newRequestId,
      onBug: (err, request_id) => telemetry.log.logger.error({ err, request_id }, "bug"),
    });
  const apart = typeof config.metricsPort === "number" ? listen(config.metricsPort, [metrics]) : undefined;
  const joined = config.metricsPort === "http" ? [health, metrics] : [health];
  const http = config.httpPort === "off" ? undefined : listen(config.httpPort, joined);
  return {
    ...(http === undefined ? {} : { http: `http://${http.host}:${http.port}` }),
    ...(apart === undefined ? {} : { metrics: `http://${apart.host}:${apart.port}` }),
    async close() {
      const servers = [http, apart].filter((server) => server !== undefined);
      await Promise.all(servers.map((server) => server.close(config.drainTimeoutMs)));
    },
  };
}

/** The check of the storages. Throws `storage_unusable` for the first that cannot be read and written. */
async function checkStorages(repositories: Repositories): Promise<undefined> {
  const broken = (await repositories.storages()).find(({ readable, writeable }) => !readable || !writeable);
  if (broken !== undefined) throw new OperationError("storage_unusable", { storage: broken.name });
}

interface Git {
  readonly git: RoutedBackend;
  readonly shell: ShellBackend;
}

/** The backends behind the router. Without the addon there is native git alone. */
function createGit(config: Config, { metrics, log }: Telemetry): Git {
  const shell = createShellBackend({
    onChild: (event) => {
      if (event.kind === "started") metrics.childrenStarted(event.command).add();
      metrics.childrenRunning.add(event.kind === "started" ? 1 : -1);
    },
    clock: systemClock,
  });
  const traced = (backend: GitBackend) =>
    createTracedBackend(backend, {
      monotonicMs: () => systemClock.monotonicMs(),
      observe: (name, facet, method) => {
        const calls = metrics.backendCalls(name, facet, method);
        return { ended: () => calls.add() };
      },
    });
  const libgit2 = openLibgit2(log);
  const git = createRoutedBackend({
    backends: { shell: traced(shell), ...(libgit2 === undefined ? {} : { libgit2: traced(libgit2) }) },
    current: libgit2 === undefined ? "shell" : config.backend,
    canaryPercent: config.canaryPercent,
    onFallback: ({ facet, method }, cause) => metrics.backendFallbacks(facet, method, cause).add(),
    onCompared: ({ facet, method }) => metrics.canaryComparisons(facet, method).add(),
    onDifference: ({ facet, method, gitDir, question, served, other }) => {
      metrics.canaryDifferences(facet, method).add();
      log.logger.error({ facet, method, git_dir: gitDir, question, served, other }, "backends differ");
    },
  });
  return { git, shell };
}

function openLibgit2(log: Log): GitBackend | undefined {
  try {
    return createLibgit2Backend(loadAddon());
  } catch (err) {
    log.logger.warn({ err }, "addon not loaded: native git does all the work");
    return undefined;
  }
}
