import { OperationError } from "../domain/errors.ts";

/** Places for those who read old files: a crowd that comes back after a restart must not fill the memory or the disk's time. */
export class ReplaySlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Waits for a place; the answer gives it back, once. Rejects with `canceled` when the signal fires before. */
  enter(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new OperationError("canceled", {}));
      const cancel = () => {
        this.#waiting.delete(admit);
        reject(new OperationError("canceled", {}));
      };
      const admit = () => {
        this.#waiting.delete(admit);
        signal.removeEventListener("abort", cancel);
        this.#free--;
        let left = false;
        resolve(() => {
          if (left) return;
          left = true;
          this.#free++;
          this.#admitNext();
        });
      };
      if (this.#free > 0) return admit();
      signal.addEventListener("abort", cancel, { once: true });
      this.#waiting.add(admit);
    });
  }

  #admitNext(): void {
    for (const admit of this.#waiting) {
      if (this.#free <= 0) return;
      admit();
    }
  }
}
