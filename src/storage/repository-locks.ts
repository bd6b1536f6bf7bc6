import { OperationError } from "../domain/errors.ts";
import type { LockTable } from "./lock-table.ts";

/** A thread that was given its turn and does not take it within this time, busy or dead, loses it. */
const TURN_MAX_MS = 20;

/** A waiter looks again after this time even if nobody wakes it. */
const WATCH_MS = 1000;

/** Gives a hold back; further calls do nothing. */
export type Release = () => void;

export type LockSide = "shared" | "exclusive";

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Longest wait; the locks' own when absent. */
  readonly timeoutMs?: number;
}

export interface LockSettings {
  readonly timeoutMs: number;
  /** Told after each wait how long it was. */
  readonly onWaited?: (side: LockSide, waitedMs: number) => void;
}

interface Waiter {
  readonly side: LockSide;
  /** A writer at the head has claimed the slot and waits for readers to leave. */
  claimed: boolean;
  admit(): void;
}

/** Those of one thread who wait for one slot, first come first served. */
class Queue {
  readonly waiters = new Set<Waiter>();
  watched = false;

  head(): Waiter | undefined {
    for (const waiter of this.waiters) return waiter;
    return undefined;
  }
}

/**
 * One readers-writer lock per repository. Nothing here blocks the thread: who cannot have the lock at once waits in a queue of
 * his thread, in order of arrival, so that neither side starves; between threads the words of the LockTable decide, and the
 * turn goes round.
 */
export class RepositoryLocks {
  readonly table: LockTable;
  readonly #settings: LockSettings;
  readonly #queues = new Map<number, Queue>();

  constructor(table: LockTable, settings: LockSettings) {
    this.table = table;
    this.#settings = settings;
  }

  /** Takes the shared side: at once and without a promise when nobody holds or awaits the other side. */
  shared(key: string, options: LockOptions = {}): Release | Promise<Release> {
    return this.#take(this.table.slotOf(key), "shared", key, options);
  }

  /** Takes the exclusive side. Rejects with `repository_locked` after the longest wait, `canceled` when the signal fires. */
  exclusive(key: string, options: LockOptions = {}): Release | Promise<Release> {
    return this.#take(this.table.slotOf(key), "exclusive", key, options);
  }

  /** Takes the exclusive side of several repositories, always in the same order, so that two callers cannot block each other. */
  async exclusiveAll(keys: readonly string[], options: LockOptions = {}): Promise<Release> {
    const bySlot = new Map(keys.map((key) => [this.table.slotOf(key), key]));
    const releases: Release[] = [];
    const releaseAll = () => {
      for (const release of releases.splice(0)) release();
    };
    try {
      for (const [slot, key] of [...bySlot].sort(([a], [b]) => a - b)) {
        releases.push(await this.#take(slot, "exclusive", key, options));
      }
    } catch (error) {
      releaseAll();
      throw error;
    }
    return releaseAll;
  }

  /** Takes back what an ended thread held. */
  releaseHolder(thread: number): void {
    this.table.releaseHolder(thread);
    for (const slot of this.#queues.keys()) this.#pump(slot);
  }

  #take(slot: number, side: LockSide, key: string, options: LockOptions): Release | Promise<Release> {
    if (!this.#queues.has(slot)) {
      if (side === "shared") {
        if (this.table.enter(slot)) return this.#releaseOf(slot, side);
      } else if (this.table.claim(slot)) {
        if (this.table.isDrained(slot)) return this.#releaseOf(slot, side);
        return this.#wait(slot, side, key, options, true);
      }
    }
    return this.#wait(slot, side, key, options, false);
  }

  #releaseOf(slot: number, side: LockSide): Release {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (side === "shared") this.table.leave(slot);
      else this.table.unclaim(slot);
      if (this.#queues.has(slot)) this.#pump(slot);
    };
  }

  #wait(slot: number, side: LockSide, key: string, options: LockOptions, claimed: boolean): Promise<Release> {
    const { signal, timeoutMs = this.#settings.timeoutMs } = options;
    const { promise, resolve, reject } = Promise.withResolvers<Release>();
    const sinceMs = performance.now();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      this.#settings.onWaited?.(side, performance.now() - sinceMs);
    };
    const waiter: Waiter = {
      side,
      claimed,
      admit: () => {
        settle();
        resolve(this.#releaseOf(slot, side));
      },
    };
    const giveUp = (error: OperationError) => {
      settle();
      reject(error);
      this.#forget(slot, waiter);
    };
    const cancel = () => giveUp(new OperationError("canceled", {}));
    const timer = setTimeout(() => {
      giveUp(new OperationError("repository_locked", { repository: key.slice(key.indexOf("\0") + 1) }));
    }, timeoutMs);
    signal?.addEventListener("abort", cancel, { once: true });
    let queue = this.#queues.get(slot);
    if (queue === undefined) this.#queues.set(slot, (queue = new Queue()));
    queue.waiters.add(waiter);
    if (signal?.aborted) cancel();
    else this.#pump(slot);
    return promise;
  }

  #forget(slot: number, waiter: Waiter): void {
    this.#queues.get(slot)?.waiters.delete(waiter);
    if (waiter.claimed) this.table.unclaim(slot);
    this.#pump(slot);
  }

  /** Admits from the head of the queue whoever can have the lock now. */
  #pump(slot: number): void {
    const queue = this.#queues.get(slot);
    if (queue === undefined) return;
    this.table.announce(slot, true);
    for (let head = queue.head(); head !== undefined && this.#admits(slot, head); head = queue.head()) {
      queue.waiters.delete(head);
      head.admit();
    }
    if (queue.waiters.size === 0) {
      this.#queues.delete(slot);
      this.table.announce(slot, false);
    }
    this.table.endTurn(slot);
    const next = queue.head();
    if (next === undefined || queue.watched) return;
    // Held by this thread, its release pumps. Asking instead whether another thread holds it now would miss one that has just let go.
    if (!this.table.isHeldHere(slot, next.claimed)) void this.#watch(slot, queue);
  }

  #admits(slot: number, waiter: Waiter): boolean {
    if (waiter.side === "shared") return this.table.enter(slot);
    waiter.claimed ||= this.table.claim(slot);
    return waiter.claimed && this.table.isDrained(slot);
  }

  /** Follows what other threads do, while somebody of this thread waits; what this thread does pumps by itself. */
  async #watch(slot: number, queue: Queue): Promise<void> {
    queue.watched = true;
    while (queue.waiters.size > 0) {
      const sequence = this.table.sequence(slot);
      this.#pump(slot);
      if (queue.waiters.size === 0) break;
      const turn = this.table.turn(slot);
      await this.table.changed(slot, sequence, turn === 0 ? WATCH_MS : TURN_MAX_MS);
      if (turn !== 0 && this.table.sequence(slot) === sequence) this.table.endTurn(slot, turn);
    }
    queue.watched = false;
  }
}
