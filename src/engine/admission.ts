import type { RepositoryRef } from "../contract/repository-ref.ts";
import { OperationError } from "../domain/errors.ts";

export interface AdmissionLimits {
  /** Operations at once in all. */
  readonly requestsMax: number;
  /** Operations at once on one repository. */
  readonly requestsPerRepositoryMax: number;
  /** How long an operation may wait for its turn. */
  readonly waitMaxMs: number;
  /** Operations that may wait in all. */
  readonly waitingMax: number;
}

/** The place of one operation among those that run. */
export interface Place {
  /** Lends the place to others for as long as the operation waits for its client. */
  lend(): void;
  /** Takes it back: at once, so that what has begun is finished, and over the limits if others have come meanwhile. */
  takeBack(): void;
  /** Gives it back for good; further calls do nothing. */
  leave(): void;
}

interface Waiter {
  readonly key: string | undefined;
  readonly admit: () => void;
}

/** Limits how many operations run at once, in all and per repository; the others wait their turn, first come first served. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #perRepository = new Map<string, number>();
  readonly #waiting = new Set<Waiter>();
  #running = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /**
   * Admits an operation and returns its place. At once when there is room; else a promise that rejects with
   * `limit_exceeded` when the queue is full or the wait too long, and with `canceled` when the signal fires.
   */
  enter(repository: RepositoryRef | undefined, signal: AbortSignal): Place | Promise<Place> {
    const key = repository && `${repository.storage}\0${repository.relativePath}`;
    if (this.#hasRoom(key)) return this.#admit(key);
    if (this.#waiting.size >= this.#limits.waitingMax)
      throw overLimit("maximum queue size reached", this.#limits.waitingMax);
    return this.#wait(key, signal);
  }

  #wait(key: string | undefined, signal: AbortSignal): Promise<Place> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", cancel);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        key,
        admit: () => {
          settle();
          resolve(this.#admit(key));
        },
      };
      const cancel = () => {
        settle();
        reject(new OperationError("canceled", {}));
      };
      const timer = setTimeout(() => {
        settle();
        reject(overLimit("maximum time in concurrency queue reached", this.#limits.waitMaxMs));
      }, this.#limits.waitMaxMs);
      signal.addEventListener("abort", cancel, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #hasRoom(key: string | undefined): boolean {
    if (this.#running >= this.#limits.requestsMax) return false;
    return key === undefined || (this.#perRepository.get(key) ?? 0) < this.#limits.requestsPerRepositoryMax;
  }

  #admit(key: string | undefined): Place {
    this.#arrive(key);
    let held = true;
    let left = false;
    const lend = () => {
      if (!held) return;
      held = false;
      this.#leave(key);
    };
    return {
      lend,
      takeBack: () => {
        if (held || left) return;
        held = true;
        this.#arrive(key);
      },
      leave: () => {
        left = true;
        lend();
      },
    };
  }

  #arrive(key: string | undefined): void {
    this.#running++;
    if (key !== undefined) this.#perRepository.set(key, (this.#perRepository.get(key) ?? 0) + 1);
  }

  #leave(key: string | undefined): void {
    this.#running--;
    if (key !== undefined) {
      const count = (this.#perRepository.get(key) ?? 1) - 1;
      if (count === 0) this.#perRepository.delete(key);
      else this.#perRepository.set(key, count);
    }
    if (this.#waiting.size === 0) return;
    for (const waiter of this.#waiting) {
      if (this.#running >= this.#limits.requestsMax) return;
      if (this.#hasRoom(waiter.key)) waiter.admit();
    }
  }
}

function overLimit(limit: string, maximum: number): OperationError {
  return new OperationError("limit_exceeded", { limit, maximum, retryAfterMs: 0 });
}
