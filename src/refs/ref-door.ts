import type { RefProposal, RefUpdate } from "../contract/context.ts";
import type { RefName } from "../domain/reference.ts";
import type { Journal } from "../events/journal.ts";
import { translateFileError } from "../domain/file-error.ts";
import type { RepositoryLocks } from "../storage/repository-locks.ts";
import { claimedChanges, type DoorRequest, factsOf, lastingView, placeOf } from "./door-request.ts";
import type { ChangeHooks, Hooks } from "./hooks.ts";
import { LockedChange, settleAfterFailure } from "./locked-change.ts";
import { askUpdateHook, moveReferences, Refusals } from "./partial-change.ts";
import { deniedChanges, deniesChanges, heedsReceiveConfig } from "./receive-rules.ts";
import { NO_REF_POLICY, type RefPolicy } from "./ref-policy.ts";

/** Does the change stand for a push that nobody has asked the repository's configuration about yet? */
const isLikePush = ({ hooks, isPush = false }: RefProposal): boolean => hooks === "receive" && !isPush;

export interface RefDoorServices {
  readonly journal: Journal;
  readonly locks: RepositoryLocks;
  readonly hooks: Hooks;
  /** Absent: everything is allowed. */
  readonly policy?: RefPolicy;
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

  /**
   * Changes references, durably: all or none, or each that may when the proposal is `partial`. Throws the reasons of
   * `RefsFacet.prepare`, those of the policy, `hook_rejected`, and for a staged repository `repository_exists`.
   */
  async update(request: DoorRequest, proposal: RefProposal): Promise<RefUpdate> {
    request.staging?.refuseOccupied();
    const refused = new Refusals(proposal);
    await this.#askPolicy(request, proposal, refused);
    const hooks = this.#hooksOf(request, proposal);
    const receiving = proposal.hooks === "receive" ? hooks : undefined;
    const quarantine = proposal.quarantine?.view;
    if (receiving?.has("pre-receive") && refused.left.length > 0) {
      if (quarantine !== undefined) await request.git.quarantine.materialize(quarantine);
      await receiving.preReceive(await claimedChanges(request, refused.left), request.signal);
    }
    if (refused.left.length === 0 && proposal.changes.length > 0) return refused.nothingMoved();
    const changed = await this.#working(request, async () => {
      // Before the lock: objects that nobody refers to harm nobody, and the flush takes longer than all that needs the lock.
      const migration = quarantine && (await request.git.quarantine.migrate(quarantine));
      // Whoever fails first, the flush is not left behind: the quarantine is about to be discarded.
      const flushEnded = migration?.flushed.catch(() => undefined);
      try {
        if (receiving?.has("update")) await askUpdateHook(receiving, request, refused);
        return await moveReferences(request, refused, (changes) => {
          const locked = { changes, deref: proposal.deref, head: proposal.head };
          const change = new LockedChange(this.#services.journal, request, locked, hooks, migration?.flushed);
          return this.#locked(request, () => change.run());
        });
      } finally {
        await flushEnded;
      }
    });
    // With the lock given back: the transaction is over, and a slow hook is nobody else's concern.
    const { gitDir } = placeOf(request);
    const told = gitDir === request.repository.gitDir ? hooks : this.#hooksOf(request, proposal, gitDir);
    if (changed.changes.length > 0) {
      await told?.transactionEnded("committed", changed.changes);
      if (receiving !== undefined) await told?.afterwards(changed.changes);
    }
    return refused.update(changed);
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

  async #askPolicy(request: DoorRequest, proposal: RefProposal, refused: Refusals): Promise<void> {
    const { policy = NO_REF_POLICY } = this.#services;
    const { repository, git, caller } = request;
    const view = proposal.quarantine?.view ?? lastingView(repository);
    const ref = { storage: repository.storage.name, relativePath: repository.relativePath };
    const asked = policy.applies({ caller, repository: ref });
    const applies = asked instanceof Promise ? await asked : asked;
    const denies = isLikePush(proposal) && heedsReceiveConfig({ caller }) && deniesChanges(repository.gitDir);
    if (!applies && !denies) return;
    const changes = await claimedChanges(request, proposal.changes);
    // What the policy has looked at is what must be there when the references move.
    refused.expect(changes);
    if (applies) {
      for (const [name, error] of await policy.refusals({ caller, repository: ref, git, view }, changes))
        refused.refuse(name, error);
    }
    if (denies) for (const [name, error] of await deniedChanges({ git, view }, changes)) refused.refuse(name, error);
  }

  #hooksOf(
    { repository, caller }: DoorRequest,
    { quarantine, pushOptions, onHookOutput }: RefProposal,
    gitDir: string = repository.gitDir,
  ): ChangeHooks | undefined {
    const quarantineDir = quarantine?.view.quarantineDir;
    return this.#services.hooks.forChange({ gitDir, caller, quarantineDir, pushOptions, onOutput: onHookOutput });
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
