/** Longest line: a message of the largest size that a server takes, and what escapes make of it. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;
/** How much of a longer line is kept on either side: there its id stands. */
const KEPT_BYTES = 4096;
const NEWLINE = 0x0a;

/** A line that was too long to be kept. */
export interface LongLine {
  readonly bytes: number;
  readonly beginning: string;
  readonly end: string;
}

/** Lines of UTF-8, without their ends and without empty ones; of those that are longer than `bytesMax` alone what they begin and end with. */
export async function* inputLines(
  input: AsyncIterable<Uint8Array>,
  bytesMax = LINE_BYTES_MAX,
): AsyncGenerator<string | LongLine> {
  const line = new Line(bytesMax);
  for await (const piece of input) {
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      line.add(piece.subarray(from, end));
      const taken = line.take();
      if (taken !== "") yield taken;
      from = end + 1;
    }
    line.add(piece.slice(from));
  }
  const last = line.take();
  if (last !== "") yield last;
}

/** A line while it is read. It never takes more memory than `bytesMax` and a piece. */
class Line {
  readonly #bytesMax: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #beginning: string | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes <= this.#bytesMax) return;
    const kept = Buffer.concat(this.#pieces);
    this.#beginning ??= kept.subarray(0, KEPT_BYTES).toString("utf8");
    this.#pieces = [Buffer.from(kept.subarray(-KEPT_BYTES))];
  }

  /** What has been read; the next line begins. */
  take(): string | LongLine {
    const [text, bytes, beginning] = [Buffer.concat(this.#pieces).toString("utf8"), this.#bytes, this.#beginning];
    [this.#pieces, this.#bytes, this.#beginning] = [[], 0, undefined];
    return beginning === undefined ? text.trim() : { bytes, beginning, end: text };
  }
}
