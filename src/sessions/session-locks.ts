import { OperationError } from "../domain/errors.ts";

/** Gives a hold back; further calls do nothing. */
export type Release = () => void;

interface Waiter {
  readonly isWriter: boolean;
  admit(): void;
}

interface Lock {
  readers: number;
  hasWriter: boolean;
  readonly waiting: Waiter[];
}

/** A readers-writer lock for each session, first come first served. Sessions do not wait for each other. */
export class SessionLocks {
  readonly #locks = new Map<string, Lock>();

  /** Resolves when nobody writes. Rejects with `canceled` when the signal fires before. */
  shared(id: string, signal: AbortSignal): Promise<Release> {
    return this.#take(id, false, signal);
  }

  /** Resolves when nobody else is there. Rejects with `canceled` when the signal fires before. */
  exclusive(id: string, signal: AbortSignal): Promise<Release> {
    return this.#take(id, true, signal);
  }

  #take(id: string, isWriter: boolean, signal: AbortSignal): Promise<Release> {
    const lock = this.#locks.get(id) ?? { readers: 0, hasWriter: false, waiting: [] };
    this.#locks.set(id, lock);
    const { promise, resolve, reject } = Promise.withResolvers<Release>();
    const waiter: Waiter = {
      isWriter,
      admit: () => {
        signal.removeEventListener("abort", cancel);
        resolve(this.#releaseOf(id, lock, isWriter));
      },
    };
    const cancel = () => {
      lock.waiting.splice(lock.waiting.indexOf(waiter), 1);
      reject(new OperationError("canceled", {}));
      this.#pump(id, lock);
    };
    lock.waiting.push(waiter);
    if (signal.aborted) cancel();
    else {
      signal.addEventListener("abort", cancel, { once: true });
      this.#pump(id, lock);
    }
    return promise;
  }

  #releaseOf(id: string, lock: Lock, isWriter: boolean): Release {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (isWriter) lock.hasWriter = false;
      else lock.readers--;
      this.#pump(id, lock);
    };
  }

  #pump(id: string, lock: Lock): void {
    for (let head = lock.waiting[0]; head !== undefined; head = lock.waiting[0]) {
      if (lock.hasWriter || (head.isWriter && lock.readers > 0)) return;
      lock.waiting.shift();
      if (head.isWriter) lock.hasWriter = true;
      else lock.readers++;
      head.admit();
    }
    if (lock.readers === 0 && !lock.hasWriter && this.#locks.get(id) === lock) this.#locks.delete(id);
  }
}
