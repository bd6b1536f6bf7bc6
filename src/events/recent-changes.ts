import type { LoggedChange } from "./logged-change.ts";

/** Events that are kept in memory, so that who was away for a moment costs no reading; a larger change is kept alone. */
const EVENTS_MAX = 10_000;

/** The newest changes. */
export class RecentChanges {
  readonly eventsMax: number;
  #changes: LoggedChange[] = [];
  /** Where the kept ones begin in the list; what lies before is cut off now and then. */
  #begin = 0;
  #events = 0;
  #since: bigint;
  #newest: bigint;

  /** Begins behind the event with the given number. */
  constructor(newest: bigint, eventsMax: number = EVENTS_MAX) {
    this.eventsMax = eventsMax;
    this.#since = newest;
    this.#newest = newest;
  }

  /** All events with greater numbers are here. */
  get since(): bigint {
    return this.#since;
  }

  /** The number of the newest event. */
  get newest(): bigint {
    return this.#newest;
  }

  add(change: LoggedChange): void {
    this.#changes.push(change);
    this.#events += change.count;
    this.#newest = change.last;
    while (this.#events > this.eventsMax && this.#begin < this.#changes.length - 1) {
      const oldest = this.#changes[this.#begin++];
      if (oldest === undefined) break;
      this.#events -= oldest.count;
      this.#since = oldest.last;
    }
    if (this.#begin <= this.#changes.length / 2) return;
    this.#changes = this.#changes.slice(this.#begin);
    this.#begin = 0;
  }

  /** Puts what lies between an older number and the oldest kept change in front of it. */
  prepend(changes: readonly LoggedChange[], since: bigint): void {
    this.#changes = [...changes, ...this.#changes.slice(this.#begin)];
    this.#begin = 0;
    this.#since = since;
    for (const { count } of changes) this.#events += count;
  }

  /** The kept changes that have events with greater numbers, in order. */
  after(number: bigint): readonly LoggedChange[] {
    let at = this.#changes.length;
    while (at > this.#begin && (this.#changes[at - 1]?.last ?? 0n) > number) at--;
    return this.#changes.slice(at);
  }
}
