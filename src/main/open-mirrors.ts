import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { GitBackend } from "../backend/backend.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/context.ts";
import type { MirrorRecord } from "../contract/mirrors.ts";
import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Database } from "../database/database.ts";
import { DatabaseCloneStore } from "../database/clone-store.ts";
import { DatabaseMirrorStore } from "../database/mirror-store.ts";
import type { Engine } from "../engine/engine.ts";
import type { EventLog } from "../events/event-log.ts";
import { CloneJobs } from "../jobs/clone-jobs.ts";
import { CredentialBox } from "../jobs/credential-box.ts";
import { MirrorService } from "../jobs/mirror-service.ts";
import { RemoteService } from "../jobs/remote-service.ts";
import { syncMirror } from "../operations/mirrors/sync-mirror.ts";
import { cloneRepository } from "../operations/repositories/clone-repository.ts";
import type { RepositoryLocator } from "../storage/repository-locator.ts";
import type { Log } from "../telemetry/log.ts";
import { writePrivately } from "./admin-secret.ts";

/** How long one fetch or push may take. */
const TRANSFER_TIMEOUT_MS = 6 * 60 * 60 * 1000;
const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

export interface MirrorsServices {
  readonly config: Config;
  readonly log: Log;
  readonly database: Database;
  readonly events: EventLog;
  readonly locator: RepositoryLocator;
  readonly git: GitBackend;
  readonly clock: Clock;
  readonly dataPath: string;
  readonly engine: () => Engine;
}

/** Clones from other servers and mirrors of them. Mirrors begin to run with `start`. */
export function openMirrors({ config, log, database, events, locator, git, clock, dataPath, engine }: MirrorsServices) {
  const canonical = (ref: RepositoryRef) => ({ storage: ref.storage, relativePath: locator.canonicalPath(ref) });
  const remotes = new RemoteService({
    allowPrivate: config.allowPrivateTargets,
    timeoutMs: TRANSFER_TIMEOUT_MS,
    bytesMax: config.cloneBytesMax,
    remote: git.remote,
  });
  const clones = new CloneJobs({
    clock,
    store: new DatabaseCloneStore(database),
    isThere: (repository) => locator.isThere(repository),
    canonical,
    run: (input, caller) => engine().run(cloneRepository, input, caller),
    onFailed: (err) => log.logger.error({ err }, "clone failed"),
  });
  const ownCaller = (requestId: string, signal: AbortSignal): Caller => ({
    principal: { kind: "control", name: "mirrors" },
    door: "internal",
    requestId,
    peer: "",
    signal,
  });
  const mirrors = new MirrorService({
    store: new DatabaseMirrorStore(database),
    box: new CredentialBox(credentialKey(dataPath)),
    clock,
    dice: Math.random,
    remotes,
    canonical,
    events: events.forCaller(ownCaller("mirrors", new AbortController().signal)),
    run: async ({ id, name, repository }: MirrorRecord, signal) => {
      await engine().run(syncMirror, { repository, name }, ownCaller(`mirror-${id}`, signal));
    },
    onFailed: (err, mirror) => log.logger.warn({ err, mirror: mirror?.id }, "mirror is held up"),
  });
  return {
    services: { remotes, clones, mirrors },
    start: async () => {
      await clones.recover();
      mirrors.start();
    },
    close: async () => {
      await clones.close();
      await mirrors.close();
    },
  };
}

/** The key of kept credentials, in `<data>/credential-key`; made at the first start. */
function credentialKey(dataPath: string): Uint8Array {
  const file = join(dataPath, "credential-key");
  if (!existsSync(file)) writePrivately(file, `${randomBytes(KEY_BYTES).toString("hex")}\n`);
  chmodSync(file, OWNER_ONLY);
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "hex");
  if (key.length !== KEY_BYTES) throw new Error(`${file} does not hold ${KEY_BYTES} bytes in hexadecimal`);
  return key;
}
