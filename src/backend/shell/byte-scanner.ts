const EMPTY = Buffer.alloc(0);

/** Cuts a stream of chunks at delimiters, without copying more than what crosses a border between chunks. */
export class ByteScanner {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #bytesMax: number;
  #rest: Buffer = EMPTY;
  #ended = false;

  /** `bytesMax` bounds what may be waiting for a delimiter. */
  constructor(chunks: AsyncIterable<Buffer>, bytesMax: number) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
  }

  /** The first byte that waits; undefined at the end. */
  async peek(): Promise<number | undefined> {
    while (this.#rest.length === 0) {
      if (!(await this.#more())) return undefined;
    }
    return this.#rest[0];
  }

  /**
   * Bytes up to a delimiter. The first `keep` bytes of the delimiter belong to them and the rest to what follows; with 0 the whole
   * delimiter is dropped. At the end of the stream what is left, or undefined.
   */
  async until(delimiter: Buffer, keep = 0): Promise<Buffer | undefined> {
    let searched = 0;
    for (;;) {
      const at = this.#rest.indexOf(delimiter, searched);
      if (at >= 0) return this.#cut(at + keep, at + (keep === 0 ? delimiter.length : keep));
      searched = Math.max(0, this.#rest.length - delimiter.length + 1);
      if (await this.#more()) continue;
      return this.#rest.length === 0 ? undefined : this.#cut(this.#rest.length, this.#rest.length);
    }
  }

  /** Ends the stream early. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #cut(end: number, next: number): Buffer {
    const found = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(next);
    return found;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    if (this.#rest.length > this.#bytesMax) throw new RangeError("a record of git's output is over the limit");
    const next = await this.#chunks.next();
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }
}
