import { join } from "node:path";
import type { GitBackend } from "../backend/backend.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/context.ts";
import type { Identity, UserRecord } from "../contract/identity.ts";
import type { Caller, Principal } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { SessionInfo } from "../contract/sessions.ts";
import type { Database } from "../database/database.ts";
import { DatabaseSessionStore } from "../database/session-store.ts";
import { hasReason } from "../domain/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { closeSession } from "../operations/sessions/close-session.ts";
import { commitSession } from "../operations/sessions/commit-session.ts";
import { sessionStatus } from "../operations/sessions/session-status.ts";
import { pushSession } from "../operations/sessions/push-session.ts";
import { FullCheckouts, readBootId } from "../sessions/full-checkouts.ts";
import { LazyIndexes } from "../sessions/lazy-indexes.ts";
import { accountOf } from "../sessions/owner.ts";
import { recoverSessions } from "../sessions/recover-sessions.ts";
import { SessionDirectories } from "../sessions/session-directory.ts";
import { type MayWrite, SessionService } from "../sessions/session-service.ts";
import { SessionTimers } from "../sessions/session-timers.ts";
import type { RepositoryLocator } from "../storage/repository-locator.ts";
import type { Log } from "../telemetry/log.ts";

/** An automatic commit that takes longer is tried again. */
const RUN_TIMEOUT_MS = 600_000;

export interface SessionsServices {
  readonly config: Config;
  readonly log: Log;
  readonly dataPath: string;
  readonly database: Database;
  readonly identity: Identity;
  readonly locator: RepositoryLocator;
  readonly git: GitBackend;
  readonly clock: Clock;
  readonly engine: () => Engine;
}

/** Opens worktree sessions, and settles what an earlier server left. Automatic commits begin with `start`. */
export async function openSessions(services: SessionsServices) {
  const { config, log, database, locator, git, clock } = services;
  const ending = new AbortController();
  const store = new DatabaseSessionStore(database);
  const root = join(services.dataPath, "sessions");
  const directories = new SessionDirectories(root);
  const indexes = new LazyIndexes(join(root, "+indexes"));
  const bootId = readBootId();
  const checkouts = new FullCheckouts({
    bootId,
    onFailed: (session, err) => log.logger.warn({ err, session }, "files of a session could not be flushed"),
  });
  const unflushed = await recoverSessions(store, directories, checkouts, { bootId, nowMs: clock.nowMs() });
  await indexes.clear();
  const settings = {
    autocommitMs: config.sessionAutocommitMs,
    leaseMs: config.sessionLeaseMs,
    perOwnerMax: config.sessionsPerUserMax,
    allMax: config.sessionsMax,
    defaults: config.defaultSessions,
  };
  const service = new SessionService({
    store,
    directories,
    indexes,
    checkouts,
    clock,
    settings,
    canonical: (ref: RepositoryRef) => ({
      storage: ref.storage,
      relativePath: locator.canonicalPath(ref),
    }),
    forget: (gitDir) => git.forget(gitDir),
    onDue: (_id, dueAtMs) => timers.expect(dueAtMs),
  });
  const timers = new SessionTimers({
    store,
    clock,
    settings,
    putOff: service.putOff,
    commit: (session) => commitByItself(services, session, ending.signal),
    expire: (session) => expire(services, session, ending.signal),
    onFailed: (err, session) =>
      log.logger.warn(
        {
          err,
          session: session?.id,
        },
        "session is held up",
      ),
  });
  return {
    forCaller: (caller: Caller, mayWrite: MayWrite) => service.forCaller(caller, mayWrite),
    timers,
    start: () => {
      for (const id of unflushed)
        if (!checkouts.isDoubtful(id)) checkouts.settleLater(id, directories.view(id, "sha1"), git);
      void timers.wake();
    },
    /** What has been begun is broken off; the next start goes on with it. */
    close: () => {
      ending.abort();
      return timers.close();
    },
  };
}

const STAGED = ["modified", "added", "deleted", "type-changed"];
const CHANGED = ["modified", "deleted", "type-changed", "untracked"];
const isOneOf = (changes: readonly string[], change: string): boolean => changes.includes(change);

async function commitByItself(services: SessionsServices, session: SessionInfo, ending: AbortSignal): Promise<void> {
  const { id, repository, pushes } = session;
  const engine = services.engine();
  const caller = await ownerAsCaller(services, session, ending);
  const message = Buffer.from("automatic commit\n");
  const commit = async (all: boolean) => {
    try {
      await engine.run(commitSession, { repository, session: id, message, all }, caller);
    } catch (error) {
      if (!hasReason(error, "nothing_to_commit")) throw error;
    }
  };
  // What was staged, and stands in no file as it was staged, would be lost in a commit of everything.
  const { items } = await engine.run(sessionStatus, { repository, session: id }, caller);
  if (items.some(({ index, worktree }) => isOneOf(STAGED, index) && isOneOf(CHANGED, worktree))) await commit(false);
  await commit(true);
  if (pushes) await engine.run(pushSession, { repository, session: id }, caller);
}

async function expire(services: SessionsServices, session: SessionInfo, ending: AbortSignal): Promise<void> {
  const { id, repository } = session;
  const close = (caller: Caller) => services.engine().run(closeSession, { repository, session: id }, caller);
  try {
    await close(await ownerAsCaller(services, session, ending));
  } catch (error) {
    // What an owner has who may not write there any more is kept all the same.
    if (!hasReason(error, "forbidden") && !hasReason(error, "repository_not_found")) throw error;
    await close(asCaller(OWN, session, ending));
  }
}

/** The server itself. */
const OWN: Principal = { kind: "control", name: "sessions" };

/** The owner of a session; the server itself where there is no such account any more. */
async function ownerAsCaller(
  { identity }: SessionsServices,
  session: SessionInfo,
  ending: AbortSignal,
): Promise<Caller> {
  const id = accountOf(session);
  const user = id === undefined ? undefined : await userWithId(identity, id);
  const principal: Principal =
    user === undefined ? OWN : { kind: "user", name: user.name, user: { id: user.id, isAdmin: user.isAdmin } };
  return asCaller(principal, session, ending);
}

function asCaller(principal: Principal, session: SessionInfo, ending: AbortSignal): Caller {
  const signal = AbortSignal.any([ending, AbortSignal.timeout(RUN_TIMEOUT_MS)]);
  return { principal, door: "internal", requestId: `session-${session.id}`, peer: "", signal };
}

async function userWithId({ users }: Identity, id: number): Promise<UserRecord | undefined> {
  for await (const batch of users.list()) {
    const found = batch.find((user) => user.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
}
