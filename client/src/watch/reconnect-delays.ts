import type { WatchClock } from "./watch-clock.ts";

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Up to so much of a wait is added at random, so that the clients of a server that comes back do not come all at once. */
const SPREAD = 0.2;

/** How long to wait before each attempt to connect again: 1 s, then twice as long each time, never more than 30 s. */
export class ReconnectDelays {
  readonly #clock: WatchClock;
  #failures = 0;

  constructor(clock: WatchClock) {
    this.#clock = clock;
  }

  /** The next wait, in milliseconds. */
  next(): number {
    const plainMs = Math.min(FIRST_MS * 2 ** this.#failures++, LONGEST_MS);
    return Math.min(Math.round(plainMs * (1 + SPREAD * this.#clock.random())), LONGEST_MS);
  }

  /** A connection was good: the next wait is the first again. */
  reset(): void {
    this.#failures = 0;
  }
}
