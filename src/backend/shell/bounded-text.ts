/**
 * Text of which only so much is kept: one half is the beginning, the other the end. Git says what went wrong at the end, behind
 * its lines of progress.
 */
export class BoundedText {
  readonly #halfBytes: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;

  constructor(bytesMax: number) {
    this.#halfBytes = Math.floor(bytesMax / 2);
  }

  add(chunk: Buffer): void {
    const room = this.#halfBytes - this.#headBytes;
    if (room > 0) {
      const first = chunk.subarray(0, room);
      this.#head.push(first);
      this.#headBytes += first.length;
    }
    if (chunk.length <= room) return;
    const rest = chunk.subarray(Math.max(room, 0));
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    // Cut only now and then, so that many small pieces cost little.
    if (this.#tailBytes > 4 * this.#halfBytes) this.#cutTail();
  }

  get bytes(): Buffer {
    this.#cutTail();
    return Buffer.concat([...this.#head, ...this.#tail]);
  }

  #cutTail(): void {
    if (this.#tailBytes <= this.#halfBytes) return;
    const kept = Buffer.from(Buffer.concat(this.#tail).subarray(this.#tailBytes - this.#halfBytes));
    this.#tail = [kept];
    this.#tailBytes = kept.length;
  }
}
