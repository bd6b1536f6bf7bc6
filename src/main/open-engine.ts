import { join } from "node:path";
import type { ShellBackend } from "../backend/shell/shell-backend.ts";
import type { Config } from "../config.ts";
import type { Clock, ServerFacts } from "../contract/context.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { type CloneDoors, publicDoors } from "../domain/clone-addresses.ts";
import { Admission } from "../engine/admission.ts";
import { authoriseReading, mayAdminister } from "../engine/authorise.ts";
import { Engine, type EngineServices } from "../engine/engine.ts";
import { EventBus } from "../events/event-bus.ts";
import { Journal } from "../events/journal.ts";
import { Hooks } from "../refs/hooks.ts";
import { recordLife } from "../refs/record-life.ts";
import { recover } from "../refs/recovery.ts";
import { RefDoor } from "../refs/ref-door.ts";
import { ProtectedRefs } from "../refs/ref-policy.ts";
import { createRepositoryOpener } from "../refs/repository-opener.ts";
import type { DataDirectory } from "../storage/data-directory.ts";
import { LockTable } from "../storage/lock-table.ts";
import { Pins } from "../storage/pins.ts";
import { type RepositoriesServices, StoredRepositories } from "../storage/repositories.ts";
import { RepositoryLocator } from "../storage/repository-locator.ts";
import { RepositoryLocks } from "../storage/repository-locks.ts";
import { createStorages } from "../storage/storages.ts";
import { systemClock } from "../telemetry/clock.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { VERSION } from "../version.ts";
import { createGit } from "./create-git.ts";
import { Generations } from "./generations.ts";
import { openEvents } from "./open-events.ts";
import { openIdempotency } from "./open-idempotency.ts";
import { openIdentity } from "./open-identity.ts";
import { openMirrors } from "./open-mirrors.ts";
import { openSessions } from "./open-sessions.ts";
import { openSigning } from "./open-signing.ts";
import { openWebhooks } from "./open-webhooks.ts";
import type { AddOpened } from "./opened.ts";

/** Everything behind the doors; exported for tests of operations, which need no door. */
export async function openEngine(
  config: Config,
  telemetry: Telemetry,
  data: DataDirectory,
  add: AddOpened,
  clock: Clock = systemClock,
) {
  const { log, metrics } = telemetry;
  const storages = await createStorages(config.storages);
  add({ close: () => storages.close() });
  const generations = new Generations();
  const { git, shell } = createGit(config, telemetry, data.path, (gitDir) => generations.of(gitDir));
  add(git);
  const locator = new RepositoryLocator(storages);
  const { identity, authenticator, database } = await openIdentity(config, telemetry, data, locator, add);
  const authority = {
    access: identity.access,
    pathOf: (ref: RepositoryRef) => locator.canonicalPath(ref),
    isThere: (ref: RepositoryRef) => locator.isThere(ref),
    wasThere: (ref: RepositoryRef) => locator.wasThere(ref),
  };
  const locks = new RepositoryLocks(new LockTable(), {
    timeoutMs: config.lockTimeoutMs,
    onWaited: (side, waitedMs) => metrics.lockWaitSeconds(side).observe(waitedMs / 1000),
  });
  const pins = new Pins({ timeoutMs: config.lockTimeoutMs });
  const bus = new EventBus((err) => log.logger.error({ err }, "event listener failed"));
  generations.follow(bus, locator);
  const journal = openJournal(config, data.path, bus);
  add({ close: () => journal.close() });
  await recover({
    journal,
    locator,
    git,
    onRecovered: (event, outcome) =>
      log.logger.warn({ sequence: String(event.sequence), repository: event.repository, outcome }, "change recovered"),
    onFailed: (repository, err) => log.logger.error({ err, repository }, "recovery failed"),
  });
  const hooks = openHooks(config, telemetry);
  const door = new RefDoor({
    journal,
    locks,
    hooks,
    policy: new ProtectedRefs({ rulesOf: (repository) => identity.protections.list(repository) }),
  });
  const stored: RepositoriesServices = {
    storages,
    locator,
    locks,
    pins,
    forget: async (gitDir) => git.forget(gitDir),
    onDeleteFailed: (gitDir, err) => log.logger.error({ err, git_dir: gitDir }, "removed repository not deleted"),
  };
  const repositories = new StoredRepositories(stored);
  const events = openEvents(journal, bus, () => engine);
  add({ close: () => events.close() });
  const webhooks = openWebhooks(config, log, database, events, locator);
  add(webhooks);
  const shared = { config, log, database, locator, git, clock, dataPath: data.path, engine: () => engine };
  const sessions = await openSessions({ ...shared, identity });
  add(sessions);
  const mirroring = openMirrors({ ...shared, events });
  add(mirroring);
  const open: OpenDoors = { doors: {} };
  const engine: Engine = new Engine({
    opener: createRepositoryOpener({
      locator,
      locks,
      pins,
      door,
      git,
      journal,
      authorise: (ref, { principal }) => authoriseReading(ref, principal, authority),
      seesAll: (ref, { principal }) => mayAdminister(ref, principal, authority),
      recordCreation: (ref, { principal }, publish, privacy) =>
        identity.repositories.create(ref, { principal, ...privacy }, publish),
    }),
    authority,
    identity,
    onRevoked: authenticator.onRevoked,
    repositories: (caller) => new StoredRepositories(stored, recordLife(journal, caller)),
    events: (caller) => events.forCaller(caller),
    webhooks,
    ...mirroring.services,
    sessions: (caller, mayWrite) => sessions.forCaller(caller, mayWrite),
    signing: await openSigning(config, identity),
    idempotency: openIdempotency(database, log, add),
    backends: git,
    server: serverFacts(shell, open, config),
    admission: admissionOf(config),
    recorder: telemetry.recorder,
    clock,
    ...limitsOf(config),
  });
  webhooks.start();
  await mirroring.start();
  sessions.start();
  return { engine, open, repositories, sessions, git, authenticator, identity, database };
}

const limitsOf = (config: Config): Pick<EngineServices, "limits" | "pushes"> => ({
  limits: {
    pushBytesMax: config.pushBytesMax,
    blobBytesMax: config.blobBytesMax,
    answerBytesMax: config.answerBytesMax,
  },
  pushes: {
    createRepositories: config.createOnPush,
    allowDefaultBranchDelete: config.allowDefaultBranchDelete,
    refuseLegacyFaults: config.refuseLegacyFaults,
  },
});

const admissionOf = (config: Config): Admission =>
  new Admission({
    requestsMax: config.requestsMax,
    requestsPerRepositoryMax: config.repositoryRequestsMax,
    waitMaxMs: config.requestWaitMs,
    waitingMax: config.requestsWaitingMax,
  });

const openJournal = ({ eventsKeepDays }: Config, dataPath: string, bus: EventBus): Journal =>
  Journal.open({ directory: join(dataPath, "journal"), keepDays: eventsKeepDays, clock: systemClock, bus });

function openHooks(config: Config, { log, metrics }: Telemetry): Hooks {
  return new Hooks({
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
}

/** Where the doors are; filled when they are open. */
interface OpenDoors {
  doors: CloneDoors;
}

const serverFacts = (shell: ShellBackend, open: OpenDoors, { publicUrl }: Config): ServerFacts => ({
  version: VERSION,
  gitVersion: () => shell.version(),
  cloneDoors: () => publicDoors(open.doors, publicUrl),
});
