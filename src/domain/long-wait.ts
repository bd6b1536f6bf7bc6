interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Something that ends once, perhaps much later, and against which many short waits are raced. `Promise.race` would leave each of them, with
 * what it has brought, hanging at the long promise until that settles; this forgets them.
 */
export class LongWait<T> {
  readonly #waiting = new Set<Waiting<T>>();
  #ended: ((one: Waiting<T>) => void) | undefined;

  constructor(end: Promise<T>) {
    end.then(
      (value) => this.#settle((one) => one.resolve(value)),
      (error: unknown) => this.#settle((one) => one.reject(error)),
    );
  }

  /** What comes first: the end, or the short wait's own outcome. */
  race<V>(short: Promise<V>): Promise<V | T> {
    return new Promise<V | T>((resolve, reject) => {
      const one: Waiting<T> = { resolve, reject };
      this.#waiting.add(one);
      short.then(
        (value) => {
          this.#waiting.delete(one);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(one);
          reject(error);
        },
      );
      this.#ended?.(one);
    });
  }

  #settle(tell: (one: Waiting<T>) => void): void {
    this.#ended = tell;
    for (const one of this.#waiting) tell(one);
    this.#waiting.clear();
  }
}
