/** Slots of the table. Repositories that share one wait for each other now and then: harmless, and no slot is ever given back. */
const SLOTS = 4096;

/** Threads that may share a table; one bit each in a slot's mask, and thread numbers plus one in its words. */
export const THREADS_MAX = 16;

const WRITER = 0;
const TURN = SLOTS;
const WAITING = 2 * SLOTS;
const SEQUENCE = 3 * SLOTS;
const GENERATION = 4 * SLOTS;
const READERS = 5 * SLOTS;

const TABLE_BYTES = (5 + THREADS_MAX) * SLOTS * Int32Array.BYTES_PER_ELEMENT;

/**
 * Lock words in shared memory, seen by every thread that is handed the buffer. A slot has a word for the thread that holds or
 * claims the exclusive side, and one word for each thread that counts its shared holds: what a thread holds is told by words
 * that are its own, so that a dead thread's holds can be taken back.
 *
 * A writer claims first, which keeps new readers out, then waits until the counts are zero; a reader counts itself first, then
 * looks for a claim. (Sequentially consistent atomics make one of the two see the other, as in Dekker's algorithm.)
 */
export class LockTable {
  readonly buffer: SharedArrayBuffer;
  readonly thread: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #me: number;
  readonly #readers: number;

  /** Without a buffer a new table; a worker passes the buffer it was given and its own number from 0 to `THREADS_MAX` - 1. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(TABLE_BYTES), thread = 0) {
    if (thread < 0 || thread >= THREADS_MAX) throw new RangeError(`thread ${thread} is not below ${THREADS_MAX}`);
    this.buffer = buffer;
    this.thread = thread;
    this.#words = new Int32Array(buffer);
    this.#me = thread + 1;
    this.#readers = READERS + thread * SLOTS;
  }

  /** The slot of a key: FNV-1a over its characters. */
  slotOf(key: string): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    return (hash ^ (hash >>> 15)) & (SLOTS - 1);
  }

  /** Takes a shared hold unless somebody holds or claims the slot. */
  enter(slot: number): boolean {
    const words = this.#words;
    if (Atomics.load(words, WRITER + slot) !== 0 || !this.#mayStart(slot)) return false;
    Atomics.add(words, this.#readers + slot, 1);
    if (Atomics.load(words, WRITER + slot) === 0) return true;
    this.leave(slot);
    return false;
  }

  leave(slot: number): void {
    Atomics.sub(this.#words, this.#readers + slot, 1);
    if (Atomics.load(this.#words, WRITER + slot) !== 0) this.wake(slot);
  }

  /** Claims the exclusive side: no reader enters any more. It is held once `isDrained`. */
  claim(slot: number): boolean {
    return this.#mayStart(slot) && Atomics.compareExchange(this.#words, WRITER + slot, 0, this.#me) === 0;
  }

  /** Have all readers left? */
  isDrained(slot: number): boolean {
    for (let at = READERS + slot; at < this.#words.length; at += SLOTS)
      if (Atomics.load(this.#words, at) !== 0) return false;
    return true;
  }

  /** Gives the exclusive side back. The turn goes to the next thread that waits, so that a busy one does not keep others out. */
  unclaim(slot: number): void {
    Atomics.store(this.#words, TURN + slot, this.#nextWaiting(slot));
    Atomics.store(this.#words, WRITER + slot, 0);
    this.wake(slot);
  }

  /** Says that this thread has waiters in the slot, or none any more; with none its turn is over. */
  announce(slot: number, waits: boolean): void {
    const bit = 1 << this.thread;
    if (waits) Atomics.or(this.#words, WAITING + slot, bit);
    else Atomics.and(this.#words, WAITING + slot, ~bit);
  }

  /** Ends the turn of a thread, by default this one's. */
  endTurn(slot: number, holder = this.#me): void {
    if (holder !== 0 && Atomics.compareExchange(this.#words, TURN + slot, holder, 0) === holder) this.wake(slot);
  }

  /** Whose turn it is: a thread's number plus one, or 0. */
  turn(slot: number): number {
    return Atomics.load(this.#words, TURN + slot);
  }

  /** Does this thread hold the slot? A claim that is still waiting for readers to leave is no hold. */
  isHeldHere(slot: number, isOnlyClaimed: boolean): boolean {
    if (Atomics.load(this.#words, this.#readers + slot) > 0) return true;
    return !isOnlyClaimed && Atomics.load(this.#words, WRITER + slot) === this.#me;
  }

  /** Changes with everything that a waiter could wait for; to be read before looking. */
  sequence(slot: number): number {
    return Atomics.load(this.#words, SEQUENCE + slot);
  }

  /** Waits, without blocking, until the sequence is no longer the given one. */
  async changed(slot: number, sequence: number, timeoutMs: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#words, SEQUENCE + slot, sequence, timeoutMs);
    if (wait.async) await wait.value;
  }

  wake(slot: number): void {
    Atomics.add(this.#words, SEQUENCE + slot, 1);
    Atomics.notify(this.#words, SEQUENCE + slot);
  }

  /** Counts the changes of the repositories in the slot; caches compare it. */
  generation(slot: number): number {
    return Atomics.load(this.#words, GENERATION + slot);
  }

  bumpGeneration(slot: number): void {
    Atomics.add(this.#words, GENERATION + slot, 1);
  }

  /** Takes back everything that a thread held or waited for; call it when the thread has ended. */
  releaseHolder(thread: number): void {
    const words = this.#words;
    const holder = thread + 1;
    for (let slot = 0; slot < SLOTS; slot++) {
      Atomics.and(words, WAITING + slot, ~(1 << thread));
      const shared = Atomics.exchange(words, READERS + thread * SLOTS + slot, 0) !== 0;
      const exclusive = Atomics.compareExchange(words, WRITER + slot, holder, 0) === holder;
      const turn = Atomics.compareExchange(words, TURN + slot, holder, 0) === holder;
      if (shared || exclusive || turn) this.wake(slot);
    }
  }

  #mayStart(slot: number): boolean {
    const turn = Atomics.load(this.#words, TURN + slot);
    return turn === 0 || turn === this.#me;
  }

  #nextWaiting(slot: number): number {
    const others = Atomics.load(this.#words, WAITING + slot) & ~(1 << this.thread);
    for (let step = 1; others !== 0 && step < THREADS_MAX; step++) {
      const thread = (this.thread + step) % THREADS_MAX;
      if ((others & (1 << thread)) !== 0) return thread + 1;
    }
    return 0;
  }
}
