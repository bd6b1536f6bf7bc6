const LINES_MAX = 10_000;

/** Lines that several writers push and one reader takes. When the reader is too slow, the newest are dropped. */
export class LineQueue implements AsyncIterable<string> {
  readonly #lines: string[] = [];
  #rest = "";
  #ended = false;
  #wake: (() => void) | undefined;

  /** Takes a piece of output. Progress that rewrites its line with carriage returns counts as lines. */
  push(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString("utf8")).split(/[\r\n]+/);
    this.#rest = lines.pop()!;
    for (const line of lines) this.#add(line);
    this.#notify();
  }

  end(): void {
    this.#add(this.#rest);
    this.#rest = "";
    this.#ended = true;
    this.#notify();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) yield line;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #add(line: string): void {
    const text = line.trimEnd();
    if (text !== "" && this.#lines.length < LINES_MAX) this.#lines.push(text);
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
