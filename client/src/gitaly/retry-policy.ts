import { invalid } from "./validate.ts";

/** When a call that failed with UNAVAILABLE or DEADLINE_EXCEEDED is made again. */
export interface RetryOptions {
  /** How often a call is made at most, the first time included: 3 without, 1 for never again, 10 at most. */
  readonly attempts?: number;
  /** The first wait in milliseconds, 100 without; each further one is twice as long. */
  readonly baseMs?: number;
  /** The part of a wait that is left to chance, 0 (without) to 1: clients that failed together do not come back together. */
  readonly jitter?: number;
}

const ATTEMPTS_MAX = 10;

export class RetryPolicy {
  readonly attempts: number;
  readonly #baseMs: number;
  readonly #jitter: number;
  readonly #random: () => number;

  constructor({ attempts = 3, baseMs = 100, jitter = 0 }: RetryOptions = {}, random: () => number = Math.random) {
    if (!Number.isInteger(attempts) || attempts < 1 || attempts > ATTEMPTS_MAX) {
      throw invalid(`retry.attempts is not between 1 and ${ATTEMPTS_MAX}: ${attempts}`);
    }
    if (!Number.isFinite(baseMs) || baseMs < 0) throw invalid(`retry.baseMs is no time: ${baseMs}`);
    if (!(jitter >= 0 && jitter <= 1)) throw invalid(`retry.jitter is not between 0 and 1: ${jitter}`);
    this.attempts = attempts;
    this.#baseMs = baseMs;
    this.#jitter = jitter;
    this.#random = random;
  }

  /** How long to wait after the attempt of this number, 1 for the first: 100, 200, 400 ms. */
  waitMs(attempt: number): number {
    const fullMs = this.#baseMs * 2 ** (attempt - 1);
    return this.#jitter === 0 ? fullMs : fullMs * (1 - this.#jitter * this.#random());
  }
}
