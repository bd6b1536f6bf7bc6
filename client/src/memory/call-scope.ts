import type { CallOptions } from "../call-options.ts";
import { GitError, ValidationError } from "../errors.ts";

/** The signal of a call, or the end of its time. */
export interface CallScope {
  /** Throws what has ended the call, if anything has. */
  check(): void;
  /** Waits for the caller's own code, but not past the end of the call. */
  until<T>(promise: Promise<T> | T): Promise<T>;
}

/** Watches over a call from now on. */
export function callScope(options: CallOptions | undefined): CallScope {
  const started = performance.now();
  const { signal, timeoutMs = Infinity } = options ?? {};
  if (!(timeoutMs > 0)) {
    throw new ValidationError(`timeoutMs is no time: ${timeoutMs}`, { code: "INVALID_ARGUMENT" });
  }
  const check = () => {
    signal?.throwIfAborted();
    if (performance.now() - started > timeoutMs) throw tooLate(timeoutMs);
  };
  return {
    check,
    async until(promise) {
      check();
      const ends: (() => void)[] = [];
      const ended = new Promise<never>((_, reject) => {
        if (signal !== undefined) {
          const abort = () => reject(signal.reason);
          signal.addEventListener("abort", abort, { once: true });
          ends.push(() => signal.removeEventListener("abort", abort));
        }
        if (timeoutMs !== Infinity) {
          const timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs - (performance.now() - started));
          ends.push(() => clearTimeout(timer));
        }
      });
      try {
        return await Promise.race([promise, ended]);
      } finally {
        for (const end of ends) end();
      }
    },
  };
}

function tooLate(timeoutMs: number): GitError {
  return new GitError(`the call took longer than ${timeoutMs} ms`, { code: "DEADLINE_EXCEEDED" });
}
