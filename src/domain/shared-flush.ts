/**
 * A flush to the disk that is shared: whoever asks while one runs waits for the next, which serves all of them. Each is told only of a flush
 * that began after he had asked, so what he had written by then is in it.
 */
export class SharedFlush {
  readonly #sync: () => Promise<void>;
  #waiting: PromiseWithResolvers<void> | undefined;
  #isFlushing = false;
  #failure: Error | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Has a flush failed? Then the system may have forgotten what it did not write, and later flushes prove nothing. */
  get isBroken(): boolean {
    return this.#failure !== undefined;
  }

  /** Is nothing being flushed or waiting for it? */
  get isIdle(): boolean {
    return !this.#isFlushing && this.#waiting === undefined;
  }

  /** Waits until all that has been written is on the disk. Rejects when that failed, now or ever before. */
  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#waiting ??= Promise.withResolvers<void>();
    const { promise } = this.#waiting;
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      queueMicrotask(() => void this.#flushWaiting());
    }
    return promise;
  }

  async #flushWaiting(): Promise<void> {
    for (let asked = this.#take(); asked !== undefined; asked = this.#take()) {
      try {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#sync();
        asked.resolve();
      } catch (error) {
        this.#failure ??= new Error("what was written could not be flushed", { cause: error });
        asked.reject(this.#failure);
      }
    }
    this.#isFlushing = false;
  }

  #take(): PromiseWithResolvers<void> | undefined {
    const asked = this.#waiting;
    this.#waiting = undefined;
    return asked;
  }
}
