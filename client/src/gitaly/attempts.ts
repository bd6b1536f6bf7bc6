import type { CallOptions } from "../call-options.ts";
import type { Clock } from "./clock.ts";
import { errorOfStatus, FailedAttempt, gitError, ofUnknownOutcome } from "./error-of-status.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import { invalid } from "./validate.ts";

/** What one attempt has to keep to. */
export interface AttemptTerms {
  /** When it has to be over, in milliseconds since 1970 by the system's clock. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  /** An earlier attempt may have changed something. */
  readonly mayHaveRun: boolean;
}

/** Options of a method that may need several calls: all of them have one end. */
export interface TimedOptions extends CallOptions {
  /** By the client's clock, in milliseconds since 1970. */
  readonly endMs?: number;
}

/** What follows for a call from what it does. */
export type Effect =
  /** It changes nothing: it may be made again always. */
  | "read"
  /** A change that tells by itself whether it was made before. */
  | "conditional-change"
  /** A change that would be made twice. */
  | "change";

/** Makes calls as often as they need, may, and have time for. */
export class Attempts {
  readonly #policy: RetryPolicy;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(policy: RetryPolicy, clock: Clock, timeoutMs: number) {
    checkTimeout("defaultTimeoutMs", timeoutMs);
    this.#policy = policy;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** The options of a method that begins now. They are checked by its first call. */
  begun(options: CallOptions | undefined): TimedOptions {
    return { ...options, endMs: this.#clock.nowMs() + (options?.timeoutMs ?? this.#timeoutMs) };
  }

  /**
   * What the first attempt that succeeds answers. Attempts fail with `FailedAttempt`; that becomes a `GitError` here.
   * Any other error ends the call as it is; an aborted signal ends it with its reason.
   */
  async run<T>(
    effect: Effect,
    options: TimedOptions | undefined,
    attempt: (terms: AttemptTerms) => Promise<T>,
  ): Promise<T> {
    const signal = options?.signal;
    const timeoutMs = options?.timeoutMs ?? this.#timeoutMs;
    if (options?.timeoutMs !== undefined) checkTimeout("timeoutMs", timeoutMs);
    signal?.throwIfAborted();
    const nowMs = this.#clock.nowMs();
    const endMs = options?.endMs ?? nowMs + timeoutMs;
    if (nowMs >= endMs)
      throw gitError("the time of the call was over before this was asked", { code: "DEADLINE_EXCEEDED" });
    let mayHaveRun = false;
    for (let number = 1; ; number++) {
      try {
        const leftMs = endMs - this.#clock.nowMs();
        return await attempt({ deadlineMs: Date.now() + leftMs, signal, mayHaveRun });
      } catch (failure) {
        if (signal?.aborted === true) throw signal.reason;
        if (!(failure instanceof FailedAttempt)) throw mayHaveRun ? ofUnknownOutcome(failure) : failure;
        const waitMs = this.#policy.waitMs(number);
        const worthIt = failure.transient && number < this.#policy.attempts;
        const allowed = failure.neverSent || effect !== "change" || options?.retryUnsafe === true;
        mayHaveRun ||= effect !== "read" && failure.cutOff && !failure.neverSent;
        if (!worthIt || !allowed || this.#clock.nowMs() + waitMs >= endMs) {
          throw errorOfStatus(failure.status, mayHaveRun);
        }
        await this.#clock.sleep(waitMs, signal);
      }
    }
  }
}

/** `Infinity` stands for no end. */
function checkTimeout(what: string, timeoutMs: number): void {
  if (!(timeoutMs > 0)) throw invalid(`${what} is no time: ${timeoutMs}`);
}
