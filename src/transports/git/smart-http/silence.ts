/** Ends what it watches when the client has said nothing, or taken nothing, for so long. */
export class Silence {
  readonly #maxMs: number;
  readonly #over: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(maxMs: number, over: () => void) {
    this.#maxMs = maxMs;
    this.#over = over;
  }

  /** It is the client's turn. */
  begin(): void {
    this.end();
    this.#timer = setTimeout(this.#over, this.#maxMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Passes on what a client sends; the time that its reader takes does not count. */
  async *during<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      this.begin();
      for await (const part of parts) {
        this.end();
        yield part;
        this.begin();
      }
    } finally {
      this.end();
    }
  }
}
