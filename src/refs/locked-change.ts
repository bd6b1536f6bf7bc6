import type { RefProposal } from "../contract/context.ts";
import type { GitBackend, PreparedRefs, RepositoryView } from "../backend/backend.ts";
import { hasReason, OperationError } from "../domain/errors.ts";
import { isZeroOid } from "../domain/oid.ts";
import type { RefChange } from "../domain/reference.ts";
import type { Journal } from "../events/journal.ts";
import type { ChangeEvent, EventChange } from "../events/journal-record.ts";
import { completeChange } from "./complete-change.ts";
import { type DoorRequest, factsOf, lastingView, placeOf } from "./door-request.ts";
import type { ChangeHooks, HookChange } from "./hooks.ts";
import { clearStaleLocks } from "./stale-locks.ts";

/** References to change, all or none. */
export interface LockedProposal {
  readonly changes: readonly RefChange[];
  readonly deref?: boolean | undefined;
  readonly head?: RefProposal["head"];
}

/** What has become of a change. */
export interface Changed {
  /** Old and new values of all references that were to change. */
  readonly changes: readonly HookChange[];
  /** Absent when nothing moved. */
  readonly sequence?: bigint;
}

/** One change while the repository's lock is held. */
export class LockedChange {
  readonly #journal: Journal;
  readonly #request: DoorRequest;
  readonly #proposal: LockedProposal;
  readonly #hooks: ChangeHooks | undefined;
  readonly #view: RepositoryView;
  /** The new objects' own flush, which goes on while the locks are taken. */
  readonly #objectsFlushed: Promise<void> | undefined;

  constructor(
    journal: Journal,
    request: DoorRequest,
    proposal: LockedProposal,
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
    return asked || this.#proposal.head !== undefined || !this.#knowsOldValues()
      ? this.#oneAfterTheOther(asked)
      : this.#sideBySide();
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
      await this.#checkHead();
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
    if (event === undefined) {
      // Nothing moves: the values were compared under the locks, and that was all there was to do.
      await prepared.abort();
      return { changes };
    }
    if (this.#request.signal.aborted) {
      await this.#abort(prepared, event);
      await this.#hooks?.transactionEnded("aborted", changes);
      throw new OperationError("canceled", {});
    }
    const { staging } = this.#request;
    try {
      await (this.#proposal.head === undefined ? prepared.commit() : this.#commitWithHead(prepared, changes));
      await staging?.publish();
      this.#journal.done(event);
    } catch (error) {
      if (staging !== undefined && !staging.isPublished) {
        // Nobody has seen the repository, and nobody will.
        this.#journal.dropped(event);
        throw error;
      }
      await settleAfterFailure(this.#journal, this.#request.git, placeOf(this.#request), event, error);
    }
    return { changes, sequence: event.sequence };
  }

  async #checkHead(): Promise<void> {
    const { head } = this.#proposal;
    if (head === undefined) return;
    const { target } = await this.#request.git.refs.head(this.#view);
    if (target !== head.from) throw new OperationError("references_locked", { references: ["HEAD"] });
  }

  /**
   * HEAD goes over to what has come before what it named goes, so that it always names a branch that is there. The old values have been compared
   * under the locks; what fails halfway nevertheless is looked at as after a crash.
   */
  async #commitWithHead(prepared: PreparedRefs, changes: readonly HookChange[]): Promise<void> {
    const { git } = this.#request;
    await prepared.abort();
    const step = async (some: readonly HookChange[]) => {
      const expected = some.map(({ name, newOid, oldOid }) => ({ name, newOid, expectedOid: oldOid }));
      if (expected.length > 0) await (await git.refs.prepare(this.#view, expected, { deref: true })).commit();
    };
    await step(changes.filter(({ newOid }) => !isZeroOid(newOid)));
    await git.refs.setHead(this.#view, this.#proposal.head!.to);
    await step(changes.filter(({ newOid }) => isZeroOid(newOid)));
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
    const { head } = this.#proposal;
    const facts = factsOf(this.#request, changes);
    return this.#journal.prepare(
      head === undefined ? facts : { ...facts, head: { oldTarget: head.from, newTarget: head.to } },
    );
  }

  #knowsOldValues(): boolean {
    return this.#proposal.changes.every(({ expectedOid }) => expectedOid !== undefined);
  }
}

/**
 * A commit that failed may have moved some references: then the rest follows and the call succeeds after all; else the change
 * has not happened and the failure is the answer.
 */
export async function settleAfterFailure(
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

function moves({ oldOid, newOid }: { oldOid: string; newOid: string }): boolean {
  return oldOid !== newOid && !(isZeroOid(oldOid) && isZeroOid(newOid));
}
