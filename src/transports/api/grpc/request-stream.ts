/** What lies between the arrival of requests and a handler that asks for them. */
export class RequestStream<T> implements AsyncIterableIterator<T> {
  readonly #queue: { readonly value: T; readonly bytes: number }[] = [];
  readonly #onTaken: (queuedBytes: number) => void;
  #queuedBytes = 0;
  #waiting: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  #ended = false;
  #failure: { readonly error: Error } | undefined;

  /** `onTaken` hears how many bytes are left in the queue each time the handler takes a message. */
  constructor(onTaken: (queuedBytes: number) => void) {
    this.#onTaken = onTaken;
  }

  /** Hands over a request and returns how many bytes wait in the queue. */
  push(value: T, bytes: number): number {
    if (this.#ended || this.#failure !== undefined) return 0;
    if (this.#waiting !== undefined) {
      this.#settle()?.resolve({ value, done: false });
      return 0;
    }
    this.#queue.push({ value, bytes });
    this.#queuedBytes += bytes;
    return this.#queuedBytes;
  }

  /** No more requests will come. */
  end(): void {
    this.#ended = true;
    this.#settle()?.resolve({ value: undefined, done: true });
  }

  /** The stream is broken: what is queued is dropped, since the call cannot succeed any more. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#clear();
    this.#settle()?.reject(error);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const first = this.#queue.shift();
    if (first !== undefined) {
      this.#queuedBytes -= first.bytes;
      this.#onTaken(this.#queuedBytes);
      return Promise.resolve({ value: first.value, done: false });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** The handler wants no more; what comes is dropped. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#ended = true;
    this.#clear();
    this.#onTaken(0);
    this.#settle()?.resolve({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #settle(): PromiseWithResolvers<IteratorResult<T, undefined>> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #clear(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }
}
