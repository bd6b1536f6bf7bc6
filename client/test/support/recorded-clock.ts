import type { Clock } from "../../src/gitaly/clock.ts";

/** A clock on which waits take no time; it remembers them. */
export class RecordedClock implements Clock {
  /** How long was waited, in milliseconds, one after another. */
  readonly waitsMs: number[] = [];
  readonly #onWait: () => void;
  #passedMs = 0;

  constructor(onWait: () => void = () => {}) {
    this.#onWait = onWait;
  }

  nowMs(): number {
    return Date.now() + this.#passedMs;
  }

  /** Time goes by, in milliseconds. */
  pass(ms: number): void {
    this.#passedMs += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.waitsMs.push(ms);
    this.#passedMs += ms;
    this.#onWait();
    await Promise.resolve();
    signal?.throwIfAborted();
  }
}
