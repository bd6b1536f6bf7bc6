import { OperationError } from "../../../domain/errors.ts";

export interface BodyLimits {
  /** What bodies may take in memory together; one alone may always be read. */
  readonly bytesMax: number;
  /** How long a body may wait until there is room for it. */
  readonly waitMaxMs: number;
}

/** A body is there as it came, as what it says, and as the backend's copy of that. */
const COPIES = 3;
/** Smaller bodies are not counted: the number of requests bounds what they take, and they need not wait for large ones. */
export const SMALL_BYTES = 64 * 1024;
/** When to try again. */
const RETRY_AFTER_MS = 5000;

/** What one request's body takes. */
export interface BodyRoom {
  /** Does the body take any? Small ones are not counted. */
  readonly isTaken: boolean;
  /**
   * Waits until there is room for a body that has so many bytes. Throws `limit_exceeded` when there is none in time, and `canceled` when the
   * signal fires. Call it before the body is read: its client waits meanwhile.
   */
  reserve(bytes: number, signal: AbortSignal): Promise<void>;
  /** The body has turned out to have so many bytes. Throws `limit_exceeded` at once where there is no room: what it holds, others wait for. */
  grow(bytes: number): void;
  /** Gives all of it back; further calls do nothing. */
  release(): void;
}

interface Waiter {
  readonly bytes: number;
  readonly admit: () => void;
}

/** Bounds what the bodies of all requests that are being read, or run, take in memory together. First come, first served. */
export class BodyBudget {
  readonly #limits: BodyLimits;
  readonly #waiting = new Set<Waiter>();
  #taken = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** Room for one request's body; nothing yet. */
  room(): BodyRoom {
    let held = 0;
    return {
      get isTaken() {
        return held > 0;
      },
      reserve: async (bytes, signal) => {
        const wanted = cost(bytes) - held;
        if (wanted <= 0) return;
        if (this.#waiting.size > 0 || !this.#fits(wanted)) await this.#wait(wanted, signal);
        else this.#taken += wanted;
        held += wanted;
      },
      grow: (bytes) => {
        const wanted = cost(bytes) - held;
        if (wanted <= 0) return;
        // What is alone may always go on.
        if (this.#taken > held && !this.#fits(wanted)) throw this.#full();
        this.#taken += wanted;
        held += wanted;
      },
      release: () => {
        this.#taken -= held;
        held = 0;
        this.#admit();
      },
    };
  }

  #fits(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#limits.bytesMax;
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", cancel);
        this.#waiting.delete(waiter);
      };
      const giveUp = (error: OperationError) => {
        settle();
        reject(error);
        // Who stood behind a large one may be smaller.
        this.#admit();
      };
      const waiter: Waiter = {
        bytes,
        admit: () => {
          settle();
          this.#taken += bytes;
          resolve();
        },
      };
      const cancel = () => giveUp(new OperationError("canceled", {}));
      const timer = setTimeout(() => giveUp(this.#full()), this.#limits.waitMaxMs);
      signal.addEventListener("abort", cancel, { once: true });
      this.#waiting.add(waiter);
      if (signal.aborted) cancel();
    });
  }

  #admit(): void {
    for (const waiter of this.#waiting) {
      if (!this.#fits(waiter.bytes)) return;
      waiter.admit();
    }
  }

  #full(): OperationError {
    const { bytesMax } = this.#limits;
    return new OperationError("limit_exceeded", {
      limit: "bytes of memory for bodies of requests",
      maximum: bytesMax,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
}

const cost = (bytes: number): number => (bytes <= SMALL_BYTES ? 0 : bytes * COPIES);
