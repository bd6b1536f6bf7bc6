import { OperationError } from "../../domain/errors.ts";

/** Bounds how many child processes run at once; the others wait their turn for a bounded time, first come first served. */
export class ChildSlots {
  readonly #what: string;
  readonly #maximum: number;
  readonly #waitMs: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** `what` names the limit to those who come too late. */
  constructor(what: string, maximum: number, waitMs: number) {
    this.#what = what;
    this.#maximum = maximum;
    this.#waitMs = waitMs;
  }

  /** How many children hold a place. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes a place; throws `limit_exceeded` when none gets free in time, and `canceled`. */
  async take(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw new OperationError("canceled", {});
    if (this.#taken < this.#maximum) {
      this.#taken++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
        this.#waiting.delete(admit);
      };
      const admit = () => {
        settle();
        resolve();
      };
      const cancel = () => {
        settle();
        reject(new OperationError("canceled", {}));
      };
      const timer = setTimeout(() => {
        settle();
        reject(new OperationError("limit_exceeded", { limit: this.#what, maximum: this.#maximum, retryAfterMs: 0 }));
      }, this.#waitMs);
      signal?.addEventListener("abort", cancel, { once: true });
      this.#waiting.add(admit);
    });
  }

  /** Works in a place; throws what `take` throws. */
  async during<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    await this.take(signal);
    try {
      return await work();
    } finally {
      this.give();
    }
  }

  /** Gives a place back; who has waited longest gets it. */
  give(): void {
    const next = this.#waiting.values().next();
    if (next.done) this.#taken--;
    else next.value();
  }
}
