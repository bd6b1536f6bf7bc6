import type { Clock } from "../contract/context.ts";
import type { Caller } from "../contract/principal.ts";
import { OperationError } from "../domain/errors.ts";

/** The longest delay that a timer takes: 2^31 - 1 ms. */
const TIMER_MAX_MS = 2_147_483_647;

/** One signal for both ways a call can end early, and the error that names which it was. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #caller: Caller;
  readonly #clock: Clock;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: Caller, clock: Clock) {
    this.#caller = caller;
    this.#clock = clock;
    if (caller.deadlineAtMs === undefined) {
      this.signal = caller.signal;
      return;
    }
    const expiry = new AbortController();
    const leftMs = Math.min(Math.max(caller.deadlineAtMs - clock.nowMs(), 0), TIMER_MAX_MS);
    this.#timer = setTimeout(() => expiry.abort(), leftMs);
    this.signal = AbortSignal.any([caller.signal, expiry.signal]);
  }

  /** Throws when the call has ended already. */
  check(): void {
    if (this.#expired()) throw new OperationError("deadline_exceeded", {});
    if (this.signal.aborted) throw new OperationError("canceled", {});
  }

  /** The error to answer with: once the call's time is over, whatever failed then failed for that reason. */
  explain(error: unknown): unknown {
    if (this.#expired()) return new OperationError("deadline_exceeded", {}, { cause: error });
    if (this.#caller.signal.aborted) return new OperationError("canceled", {}, { cause: error });
    return error;
  }

  /** Stops the timer. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #expired(): boolean {
    return this.#caller.deadlineAtMs !== undefined && this.#clock.nowMs() >= this.#caller.deadlineAtMs;
  }
}
