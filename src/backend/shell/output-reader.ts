import type { Readable } from "node:stream";

const EMPTY = Buffer.alloc(0);
const NEWLINE = 10;

/** Reads lines and counted bytes from a child's output. Nothing is read ahead of what the pipe's buffer holds. */
export class OutputReader {
  readonly #stream: Readable;
  #rest: Buffer = EMPTY;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    const wake = () => {
      const waiting = this.#wake;
      this.#wake = undefined;
      waiting?.();
    };
    const end = () => {
      this.#ended = true;
      wake();
    };
    stream.on("readable", wake);
    stream.on("end", end);
    stream.on("close", end);
    stream.on("error", end);
  }

  /** Whether output waits that nobody has asked for. */
  get hasRest(): boolean {
    return this.#rest.length > 0;
  }

  /** The next line without its newline; undefined when the output ends before one. */
  async line(): Promise<string | undefined> {
    let end = this.#rest.indexOf(NEWLINE);
    while (end < 0) {
      const searched = this.#rest.length;
      if (!(await this.#more())) return undefined;
      end = this.#rest.indexOf(NEWLINE, searched);
    }
    const text = this.#rest.toString("latin1", 0, end);
    this.#rest = this.#rest.subarray(end + 1);
    return text;
  }

  /** Some bytes, at most `maximum`; undefined when the output has ended. */
  async some(maximum: number): Promise<Buffer | undefined> {
    if (this.#rest.length === 0 && !(await this.#more())) return undefined;
    const chunk = this.#rest.subarray(0, maximum);
    this.#rest = this.#rest.subarray(chunk.length);
    return chunk;
  }

  /** Exactly so many bytes in memory of their own; undefined when the output ends before. */
  async exactly(length: number): Promise<Buffer | undefined> {
    const result = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const chunk = await this.some(length - filled);
      if (chunk === undefined) return undefined;
      result.set(chunk, filled);
      filled += chunk.length;
    }
    return result;
  }

  /** Drops so many bytes; false when the output ends before. */
  async skip(length: number): Promise<boolean> {
    let left = length;
    while (left > 0) {
      const chunk = await this.some(left);
      if (chunk === undefined) return false;
      left -= chunk.length;
    }
    return true;
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) {
        this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
        return true;
      }
      if (this.#ended) return false;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
