import type { GitBackend, PreparedRefs, RepositoryView } from "../backend/backend.ts";
import type { RefProposal, RefUpdate } from "../contract/context.ts";
import type { Caller } from "../contract/principal.ts";
import { toByteString } from "../domain/bytes.ts";
import { hasReason, OperationError } from "../domain/errors.ts";
import { isZeroOid, zeroOid } from "../domain/oid.ts";
import type { RefChange, RefName } from "../domain/reference.ts";
import type { Journal } from "../events/journal.ts";
import type { ChangeEvent, ChangeFacts, EventChange } from "../events/journal-record.ts";
import { translateFileError } from "../storage/file-error.ts";
import type { LocatedRepository } from "../storage/repository-locator.ts";
import type { RepositoryLocks } from "../storage/repository-locks.ts";
import { completeChange } from "./complete-change.ts";
import type { ChangeHooks, HookChange, Hooks } from "./hooks.ts";
import { clearStaleLocks } from "./stale-locks.ts";

export interface RefDoorServices {
  readonly journal: Journal;
  readonly locks: RepositoryLocks;
  readonly hooks: Hooks;
}

/** Who wants what changed where. */
export interface DoorRequest {
  readonly repository: LocatedRepository;
  readonly git: GitBackend;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/**
 * The one way by which references change: quarantine, hooks, lock, compare, journal, commit. Up to the commit every failure and
 * cancellation leaves the references as they were; after it nothing fails the call.
 */
export class RefDoor {
  readonly #services: RefDoorServices;

  constructor(services: RefDoorServices) {
    this.#services = services;
  }

  /** Changes references, all or none, durably. Throws the reasons of `RefsFacet.prepare`, and `hook_rejected`. */
  async update(request: DoorRequest, proposal: RefProposal): Promise<RefUpdate> {
    const { gitDir } = request.repository;
    const quarantine = proposal.quarantine?.view;
    const hooks = this.#services.hooks.forChange({
      gitDir,
      caller: request.caller,
      quarantineDir: quarantine?.quarantineDir,
      pushOptions: proposal.pushOptions,
    });
    const receiving = proposal.hooks === "receive" ? hooks : undefined;
    if (receiving?.has("pre-receive")) {
      if (quarantine !== undefined) await request.git.quarantine.materialize(quarantine);
      await receiving.preReceive(await claimedChanges(request, proposal.changes), request.signal);
    }
    const { update, changes } = await this.#working(request, async () => {
      // Before the lock: objects that nothing refers to harm nobody, and the flush takes longer than all that needs the lock.
      const migration = quarantine && (await request.git.quarantine.migrate(quarantine));
      // Whoever fails first, the flush is not left behind: the quarantine is about to be discarded.
      const flushEnded = migration?.flushed.catch(() => undefined);
      try {
        if (receiving?.has("update")) {
          for (const change of await claimedChanges(request, proposal.changes))
            await receiving.update(change, request.signal);
        }
        const change = new Change(this.#services.journal, request, proposal, hooks, migration?.flushed);
        return await this.#locked(request, () => change.run());
      } finally {
        await flushEnded;
      }
    });
    // With the lock given back: the transaction is over, and a slow hook is nobody else's concern.
    await hooks?.transactionEnded("committed", changes);
    await receiving?.afterwards(changes);
    return update;
  }

  /** Points HEAD at a branch, durably. */
  async setHead(request: DoorRequest, target: RefName): Promise<void> {
    const { journal } = this.#services;
    const view = lastingView(request.repository);
    await this.#working(request, () =>
      this.#locked(request, async () => {
        const { target: oldTarget } = await request.git.refs.head(view);
        if (oldTarget === target) return;
        const head = { newTarget: target, ...(oldTarget === undefined ? {} : { oldTarget }) };
        const { event, flushed } = journal.prepare({ ...factsOf(request, []), head });
        try {
          await flushed;
          await request.git.refs.setHead(view, target);
        } catch (error) {
          await settleAfterFailure(journal, request.git, view, event, error);
          return;
        }
        journal.done(event);
      }),
    );
  }

  /** Leaves a trace in the journal of what is being worked on, for as long as it is. */
  async #working<T>(request: DoorRequest, run: () => Promise<T>): Promise<T> {
    const { journal } = this.#services;
    const { storage, relativePath } = request.repository;
    try {
      const work = journal.begin({ storage: storage.name, relativePath });
      try {
        return await run();
      } finally {
        journal.end(work);
      }
    } catch (error) {
      throw translateFileError(error);
    }
  }

  async #locked<T>(request: DoorRequest, run: () => Promise<T>): Promise<T> {
    const { locks } = this.#services;
    const { key } = request.repository;
    const release = await locks.exclusive(key, { signal: request.signal });
    try {
      return await run();
    } finally {
      locks.table.bumpGeneration(locks.table.slotOf(key));
      release();
    }
  }
}

interface Changed {
  readonly update: RefUpdate;
  readonly changes: readonly HookChange[];
}

/** One change while the repository's lock is held. */
class Change {
  readonly #journal: Journal;
  readonly #request: DoorRequest;
  readonly #proposal: RefProposal;
  readonly #hooks: ChangeHooks | undefined;
  readonly #view: RepositoryView;
  /** The new objects' own flush, which goes on while the locks are taken. */
  readonly #objectsFlushed: Promise<void> | undefined;

  constructor(
    journal: Journal,
    request: DoorRequest,
    proposal: RefProposal,
    hooks: ChangeHooks | undefined,
    objectsFlushed: Promise<void> | undefined,
  ) {
    this.#objectsFlushed = objectsFlushed;
    this.#journal = journal;
    this.#request = request;
    this.#proposal = proposal;
    this.#hooks = hooks;
    this.#view = lastingView(request.repository);
  }

  async run(): Promise<Changed> {
    const asked = this.#hooks?.has("reference-transaction") ?? false;
    return asked || !this.#knowsOldValues() ? this.#oneAfterTheOther(asked) : this.#sideBySide();
  }

  /** Where all old values are known beforehand, the journal is flushed while the locks are taken and flushed. */
  async #sideBySide(): Promise<Changed> {
    const expected = this.#proposal.changes.map(({ name, newOid, expectedOid = "" }) => ({
      name,
      newOid,
      oldOid: expectedOid,
    }));
    const moving = expected.filter(moves);
    if (moving.length === 0) return this.#oneAfterTheOther(false);
    const { event, flushed } = this.#append(moving);
    const allFlushed = Promise.all([flushed, this.#objectsFlushed]);
    const [preparing, flushing] = await Promise.allSettled([this.#prepare(), allFlushed]);
    if (preparing.status === "rejected") {
      this.#journal.dropped(event);
      throw preparing.reason;
    }
    if (flushing.status === "rejected") {
      await this.#abort(preparing.value, event);
      throw flushing.reason;
    }
    return this.#commit(preparing.value, expected, event);
  }

  async #oneAfterTheOther(asked: boolean): Promise<Changed> {
    const prepared = await this.#prepare();
    const changes = this.#proposal.changes.map(({ name, newOid }, at) => ({
      name,
      newOid,
      oldOid: prepared.oldOids[at] ?? "",
    }));
    let event: ChangeEvent | undefined;
    try {
      await this.#objectsFlushed;
      if (asked) await this.#hooks?.transactionPrepared(changes, this.#request.signal);
      const moving = changes.filter(moves);
      if (moving.length > 0) {
        const appended = this.#append(moving);
        event = appended.event;
        await appended.flushed;
      }
    } catch (error) {
      await this.#abort(prepared, event);
      if (asked) await this.#hooks?.transactionEnded("aborted", changes);
      throw error;
    }
    return this.#commit(prepared, changes, event);
  }

  async #commit(
    prepared: PreparedRefs,
    changes: readonly HookChange[],
    event: ChangeEvent | undefined,
  ): Promise<Changed> {
    const update = { oldOids: changes.map(({ oldOid }) => oldOid) };
    if (event === undefined) {
      // Nothing moves: the values were compared under the locks, and that was all there was to do.
      await prepared.abort();
      return { update, changes };
    }
    if (this.#request.signal.aborted) {
      await this.#abort(prepared, event);
      await this.#hooks?.transactionEnded("aborted", changes);
      throw new OperationError("canceled", {});
    }
    try {
      await prepared.commit();
      this.#journal.done(event);
    } catch (error) {
      await settleAfterFailure(this.#journal, this.#request.git, this.#view, event, error);
    }
    return { update: { ...update, sequence: event.sequence }, changes };
  }

  async #abort(prepared: PreparedRefs, event: ChangeEvent | undefined): Promise<void> {
    if (event !== undefined) this.#journal.dropped(event);
    await prepared.abort();
  }

  /** The only step under the lock that the request may end: it can be long, and gives back what it has taken. */
  async #prepare(): Promise<PreparedRefs> {
    const { changes, deref = true } = this.#proposal;
    const { git, signal } = this.#request;
    const view = { ...this.#view, signal };
    try {
      return await git.refs.prepare(view, changes, { deref });
    } catch (error) {
      if (!hasReason(error, "references_locked")) throw error;
      if (!(await clearStaleLocks(view.gitDir, error.details.references))) throw error;
      return git.refs.prepare(view, changes, { deref });
    }
  }

  #append(changes: readonly EventChange[]): { event: ChangeEvent; flushed: Promise<void> } {
    return this.#journal.prepare(factsOf(this.#request, changes));
  }

  #knowsOldValues(): boolean {
    return this.#proposal.changes.every(({ expectedOid }) => expectedOid !== undefined);
  }
}

/**
 * A commit that failed may have moved some references: then the rest follows and the call succeeds after all; else the change
 * has not happened and the failure is the answer.
 */
async function settleAfterFailure(
  journal: Journal,
  git: GitBackend,
  view: RepositoryView,
  event: ChangeEvent,
  failure: unknown,
): Promise<void> {
  const outcome = await completeChange(git, view, event);
  if (outcome === "done") return journal.done(event);
  journal.dropped(event);
  throw failure;
}

/** A view that cancellation does not reach: what was begun under the lock is finished or undone in order. */
function lastingView({ gitDir, objectFormat }: LocatedRepository): RepositoryView {
  return { gitDir, objectFormat };
}

function moves({ oldOid, newOid }: { oldOid: string; newOid: string }): boolean {
  return oldOid !== newOid && !(isZeroOid(oldOid) && isZeroOid(newOid));
}

/** The changes with the old values that the caller expects, or finds now where he does not say. */
async function claimedChanges({ git, repository }: DoorRequest, changes: readonly RefChange[]): Promise<HookChange[]> {
  const view = lastingView(repository);
  const read = async (name: RefName) => (await git.refs.read(view, name))?.oid ?? zeroOid(repository.objectFormat);
  return Promise.all(
    changes.map(async ({ name, newOid, expectedOid }) => ({ name, newOid, oldOid: expectedOid ?? (await read(name)) })),
  );
}

function factsOf({ repository, caller }: DoorRequest, changes: readonly EventChange[]): ChangeFacts {
  const { actor } = caller;
  return {
    repository: { storage: repository.storage.name, relativePath: repository.relativePath },
    changes,
    ...(actor === undefined
      ? {}
      : { actor: { ...actor, name: toByteString(actor.name), email: toByteString(actor.email) } }),
    door: caller.door,
    requestId: caller.requestId,
  };
}
