import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { Clock, OpenRepository } from "../contract/context.ts";
import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { SessionStore } from "../contract/session-store.ts";
import type { NewSession, OpenSession, SessionInfo, Sessions, WritingOptions } from "../contract/sessions.ts";
import { OperationError } from "../domain/errors.ts";
import type { Oid } from "../domain/oid.ts";
import { REFS_HEADS } from "../domain/reference.ts";
import { BackUp } from "./back-up.ts";
import type { FullCheckouts } from "./full-checkouts.ts";
import type { LazyIndexes } from "./lazy-indexes.ts";
import { makeSession } from "./make-session.ts";
import { mayUse, ownerOf } from "./owner.ts";
import { hiddenChanges, publishSession, refsOfSession, stashStamp } from "./publish-session.ts";
import { isSessionId, type SessionDirectories } from "./session-directory.ts";
import { SessionLocks } from "./session-locks.ts";
import { PUT_OFF_MAX, type SessionSettings } from "./session-settings.ts";
import { WarmDirectories } from "./warm-directories.ts";
import { NOTHING_LEFT, WorkingSession } from "./working-session.ts";
import { expectHead } from "./expect-head.ts";

/** The lease is written down again when this share of it is over: not with every operation. */
const LEASE_SHARE = 1 / 64;
/** Sessions whose files backends keep open: an idle one shall cost next to nothing. */
const WARM_MAX = 32;

/** May the caller write in a repository? */
export type MayWrite = (repository: RepositoryRef) => boolean | Promise<boolean>;

export interface SessionServices {
  readonly store: SessionStore;
  readonly directories: SessionDirectories;
  readonly indexes: LazyIndexes;
  readonly checkouts: FullCheckouts;
  readonly clock: Clock;
  readonly settings: SessionSettings;
  /** The one spelling of a repository's path. */
  readonly canonical: (ref: RepositoryRef) => RepositoryRef;
  /** Lets go of what is kept of a git directory. */
  readonly forget: (gitDir: string) => void;
  /** Told when a session will be due for an automatic commit. */
  readonly onDue: (id: string, dueAtMs: number) => void;
}

/** Worktree sessions: who has which, and who is in them (docs/internals/sessions.md). */
export class SessionService {
  readonly services: SessionServices;
  readonly locks = new SessionLocks();
  /** Writes that have put an automatic commit off, by session; lost with the process, a commit is early. */
  readonly putOff = new Map<string, number>();
  /** How the stashes of a session were when the repository was told of it; one that is not here has to be compared. */
  readonly told = new Map<string, string>();
  readonly warm: WarmDirectories;

  constructor(services: SessionServices) {
    this.services = services;
    this.warm = new WarmDirectories(WARM_MAX, services.forget);
  }

  forCaller(caller: Caller, mayWrite: MayWrite): Sessions {
    return new CallersSessions(this, caller, mayWrite);
  }
}

class CallersSessions implements Sessions {
  readonly #service: SessionService;
  readonly #caller: Caller;
  readonly #mayWrite: MayWrite;

  constructor(service: SessionService, caller: Caller, mayWrite: MayWrite) {
    this.#service = service;
    this.#caller = caller;
    this.#mayWrite = mayWrite;
  }

  async open(repository: OpenRepository, session: NewSession): Promise<SessionInfo> {
    return (await this.#make(repository, session, false))!;
  }

  async find(repository: OpenRepository, id: string): Promise<SessionInfo> {
    const { principal } = this.#caller;
    const { store } = this.#service.services;
    ownerOf(principal);
    const found = isSessionId(id) ? await store.find(id) : undefined;
    const place = this.#placeOf(repository);
    const isHere = found?.repository.storage === place.storage && found.repository.relativePath === place.relativePath;
    if (found === undefined || !isHere || !mayUse(principal, found))
      throw new OperationError("session_not_found", { session: id });
    return found;
  }

  async list(repository: OpenRepository): Promise<readonly SessionInfo[]> {
    const { principal } = this.#caller;
    const owner = ownerOf(principal);
    const { store } = this.#service.services;
    return await store.list(this.#placeOf(repository), principal.kind === "user" ? owner : undefined);
  }

  async renew(repository: OpenRepository, id: string): Promise<SessionInfo> {
    const found = await this.find(repository, id);
    const { store, clock, settings } = this.#service.services;
    const expiresAtMs = clock.nowMs() + settings.leaseMs;
    await store.change(found.id, { expiresAtMs });
    return { ...found, expiresAtMs };
  }

  async close(
    repository: OpenRepository,
    id: string,
    { discard, committer }: { readonly discard: boolean; readonly committer: Uint8Array },
  ): Promise<Oid | undefined> {
    const found = await this.find(repository, id);
    const { locks, services, putOff, told } = this.#service;
    const { store, directories, checkouts } = services;
    const release = await locks.exclusive(found.id, this.#caller.signal);
    try {
      const info = await this.find(repository, found.id);
      const view = directories.view(info.id, repository.objectFormat, this.#caller.signal);
      const isWhole = directories.isWhole(info.id);
      if (isWhole) await directories.follow(info.id, objectsDirOf(repository));
      if (isWhole && !discard && checkouts.isDoubtful(info.id)) await this.#checkedOut(repository, info.id);
      const backUp = new BackUp(repository, view, info);
      const kept = discard || !isWhole ? undefined : await backUp.make(committer);
      if (!discard && isWhole) await this.#settle(repository, this.#working(repository, info));
      await backUp.finish(kept, discard);
      await store.remove(info.id);
      putOff.delete(info.id);
      told.delete(info.id);
      checkouts.forget(info.id);
      await directories.remove(info.id);
      this.#service.warm.forget(view.gitDir);
      return kept;
    } finally {
      release();
    }
  }

  async reading<T>(
    repository: OpenRepository,
    id: string | undefined,
    run: (session: OpenSession) => Promise<T>,
  ): Promise<T> {
    const { info, release } = await this.#enter(repository, id, "shared");
    try {
      return await run(this.#working(repository, info));
    } finally {
      release();
    }
  }

  async *readingStream<T>(
    repository: OpenRepository,
    id: string | undefined,
    run: (session: OpenSession) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const { info, release } = await this.#enter(repository, id, "shared");
    try {
      yield* run(this.#working(repository, info));
    } finally {
      release();
    }
  }

  async writing<T>(
    repository: OpenRepository,
    id: string | undefined,
    run: (session: OpenSession) => Promise<T>,
    { changes = "files", expectedHead }: WritingOptions = {},
  ): Promise<T> {
    const { info, release } = await this.#enter(repository, id, "exclusive");
    try {
      if (changes !== "history") await this.#checkedOut(repository, info.id);
      const announced = changes === "history" ? Promise.resolve() : this.#markDirty(info);
      // Whoever waits for it hears of it.
      announced.catch(() => undefined);
      if (changes === "files") await announced;
      const session = await this.#settled(repository, info, changes, announced);
      let result: T;
      try {
        expectHead(session.info, expectedHead);
        result = await run(session);
      } catch (error) {
        // What has happened nevertheless is told; why it went wrong is what the caller hears.
        await this.#settle(repository, session).catch(() => undefined);
        throw error;
      }
      await announced;
      await this.#settle(repository, session);
      return result;
    } finally {
      release();
    }
  }

  async moved(repository: RepositoryRef, target: RepositoryRef): Promise<void> {
    const { store, canonical } = this.#service.services;
    await store.move(canonical(repository), canonical(target));
  }

  async removed(repository: RepositoryRef): Promise<void> {
    const { services, locks } = this.#service;
    for (const { id } of await services.store.list(services.canonical(repository))) {
      const release = await locks.exclusive(id, this.#caller.signal);
      try {
        await services.store.remove(id);
        this.#service.told.delete(id);
        services.checkouts.forget(id);
        await services.directories.remove(id);
        this.#service.warm.forget(services.directories.view(id, "sha1").gitDir);
      } finally {
        release();
      }
    }
  }

  async keepIndexes(repository: OpenRepository): Promise<void> {
    const { services, locks } = this.#service;
    for (const info of await services.store.list(this.#placeOf(repository))) {
      if (info.isGone || !services.directories.isWhole(info.id)) continue;
      const release = await locks.exclusive(info.id, this.#caller.signal);
      try {
        const { git, view } = this.#working(repository, info);
        const index = await git.worktree.writeTree(view).catch((error: unknown) => {
          // What conflicts is in the session's own objects, and in the commits that it came from.
          if (error instanceof OperationError && error.reason === "index_unmerged") return undefined;
          throw error;
        });
        const kept = index === undefined ? [] : [{ name: `${refsOfSession(info.id)}index`, newOid: index }];
        const { oid: head } = await git.refs.head(view);
        await publishSession(repository, view, [...kept, ...(await hiddenChanges(repository, info.id, view, head))]);
      } finally {
        release();
      }
    }
  }

  #placeOf(repository: OpenRepository): RepositoryRef {
    return this.#service.services.canonical(repository.ref);
  }

  /** Waits for the turn in a session, and finds it. */
  async #enter(repository: OpenRepository, id: string | undefined, side: "shared" | "exclusive") {
    const { locks, services } = this.#service;
    // Whether there is such a session is looked at with its lock: it may be closed meanwhile.
    const wanted = id ?? (await this.#default(repository)).id;
    const isDoubtful = services.checkouts.isDoubtful(wanted);
    const release = await locks[isDoubtful ? "exclusive" : side](wanted, this.#caller.signal);
    try {
      const info = await this.find(repository, wanted);
      if (info.isGone || !services.directories.isWhole(info.id)) {
        if (!info.isGone) await services.store.change(info.id, { isGone: true, commitDueAtMs: null });
        throw new OperationError("session_gone", { session: info.id });
      }
      await services.directories.follow(info.id, objectsDirOf(repository));
      if (isDoubtful) await this.#checkedOut(repository, info.id);
      await this.#extendLease(repository, info);
      this.#service.warm.used(services.directories.view(info.id, "sha1").gitDir);
      return { info, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Waits until the files of a full worktree are on the disk: what changes then is told from what a power cut takes. */
  async #checkedOut(repository: OpenRepository, id: string): Promise<void> {
    const { checkouts, directories } = this.#service.services;
    await checkouts.settled(id, directories.view(id, repository.objectFormat), repository.git);
  }

  async #extendLease({ ref }: OpenRepository, info: SessionInfo): Promise<void> {
    // What the server does by itself keeps nothing alive.
    if (this.#caller.door === "internal") return;
    const { store, clock, settings } = this.#service.services;
    const expiresAtMs = clock.nowMs() + settings.leaseMs;
    if (expiresAtMs - info.expiresAtMs <= settings.leaseMs * LEASE_SHARE) return;
    // Who may only read changes nothing, be it how long his session stays.
    if (await this.#mayWrite(ref)) await store.change(info.id, { expiresAtMs });
  }

  async #default(repository: OpenRepository): Promise<SessionInfo> {
    const { store, settings } = this.#service.services;
    const owner = ownerOf(this.#caller.principal);
    const place = this.#placeOf(repository);
    const found = await store.default(place, owner);
    if (found !== undefined) return found;
    if (!settings.defaults) throw new OperationError("session_required", {});
    // It would be a change, of the repository as well: its hidden references keep what a session has.
    if (!(await this.#mayWrite(repository.ref))) throw new OperationError("forbidden", { operation: "openSession" });
    const { target } = await repository.git.refs.head(repository.view);
    const branch = target?.startsWith(REFS_HEADS) === true ? { branch: target.slice(REFS_HEADS.length) } : {};
    const made = await this.#make(repository, { ...branch, checkout: "lazy", pushes: true }, true);
    // Somebody was faster: the owner, in another request.
    return made ?? (await store.default(place, owner)) ?? this.#default(repository);
  }

  /** Undefined where the owner has a default session already. */
  async #make(repository: OpenRepository, session: NewSession, isDefault: boolean): Promise<SessionInfo | undefined> {
    const { services, told } = this.#service;
    const owner = ownerOf(this.#caller.principal);
    const place = { owner, repository: this.#placeOf(repository), isDefault, signal: this.#caller.signal };
    const made = await makeSession(services, repository, session, place);
    if (made === undefined) return undefined;
    const { info, view, start } = made;
    told.set(info.id, "");
    if (start === undefined) return info;
    await this.#publishHead(repository, info, view, start);
    await services.store.change(info.id, { headOid: start });
    return { ...info, headOid: start };
  }

  /** Says that there are changes, before there are any. */
  async #markDirty(info: SessionInfo): Promise<void> {
    const { putOff, services } = this.#service;
    const { store, clock, settings, onDue } = services;
    const nowMs = clock.nowMs();
    // Without a timer the time that it can be put off begins anew.
    const dirtySinceMs = info.commitDueAtMs === undefined ? nowMs : (info.dirtySinceMs ?? nowMs);
    const dueAtMs = Math.min(nowMs, dirtySinceMs + (PUT_OFF_MAX - 1) * settings.autocommitMs) + settings.autocommitMs;
    putOff.set(info.id, dueAtMs);
    if (info.commitDueAtMs === undefined) await store.change(info.id, { dirtySinceMs, commitDueAtMs: dueAtMs });
    onDue(info.id, dueAtMs);
  }

  #working(repository: OpenRepository, info: SessionInfo, announced = Promise.resolve()): WorkingSession {
    const { directories, store } = this.#service.services;
    const view = directories.view(info.id, repository.objectFormat, this.#caller.signal);
    return new WorkingSession({
      info,
      view,
      git: repository.git,
      temporaryDir: directories.temporary(info.id),
      store,
      announced,
      publish: (commit) => this.#publishHead(repository, info, view, commit),
    });
  }

  /** A server that was killed, or plain git, may have moved HEAD and told nobody: what makes history is to know. */
  async #settled(
    repository: OpenRepository,
    info: SessionInfo,
    changes: WritingOptions["changes"],
    announced: Promise<void>,
  ): Promise<WorkingSession> {
    const session = this.#working(repository, info, announced);
    if (changes !== "history" && this.#service.told.has(info.id)) return session;
    const head = await this.#settle(repository, session);
    return head === info.headOid ? session : this.#working(repository, { ...info, headOid: head }, announced);
  }

  /** The repository learns what has become of HEAD and of the stashes, and the row what there is; answers the head. */
  async #settle(repository: OpenRepository, session: WorkingSession): Promise<Oid> {
    const { info, view, git, published, isCommitted, toldHead } = session;
    const { services, told, putOff } = this.#service;
    const stamp = await stashStamp(view.gitDir);
    const { oid: head } = await git.refs.head(view);
    if (told.get(info.id) !== stamp)
      await publishSession(repository, view, await hiddenChanges(repository, info.id, view, head));
    else if (head !== undefined && head !== published) await this.#publishHead(repository, info, view, head);
    told.set(info.id, stamp);
    if (isCommitted) putOff.delete(info.id);
    const { dirtySinceMs = null, commitDueAtMs = null } = info;
    await services.store.change(info.id, {
      ...(head === undefined || head === toldHead ? {} : { headOid: head }),
      // A commit went wrong, and nobody knows what the row says: what was to be committed still is.
      ...(toldHead === undefined ? { dirtySinceMs, commitDueAtMs } : {}),
      ...(isCommitted && !session.isToldCommitted ? NOTHING_LEFT : {}),
    });
    return head ?? info.headOid;
  }

  async #publishHead(repository: OpenRepository, { id }: SessionInfo, view: WorktreeView, newOid: Oid): Promise<void> {
    await publishSession(repository, view, [{ name: `${refsOfSession(id)}head`, newOid }]);
  }
}

const objectsDirOf = ({ view }: OpenRepository): string => `${view.gitDir}/objects`;
