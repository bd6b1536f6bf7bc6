/** The pieces of something whose size nobody has told, in one array at the end. */
export class Pieces {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  add(piece: Uint8Array): void {
    if (piece.byteLength === 0) return;
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
  }

  /** Joins them, and lets go of them. */
  join(): Uint8Array {
    const whole = new Uint8Array(this.#bytes);
    let filled = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, filled);
      filled += piece.byteLength;
    }
    this.#pieces = [];
    this.#bytes = 0;
    return whole;
  }
}
