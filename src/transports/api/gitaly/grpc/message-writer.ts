const INITIAL_BYTES = 64 * 1024;
/** Larger results are handed over with their buffer, smaller ones are copied out of it. */
const COPIED_BYTES_MAX = 32 * 1024;
/** Strings up to this length are tried as ASCII, byte by byte, which for them is faster than a call into the runtime. */
const SHORT_STRING_LENGTH_MAX = 64;
/** Likewise, bytes up to this length are copied one by one. */
const SHORT_BYTES_MAX = 48;
/** Longest encoding of a varint of 64 bits. */
const VARINT_BYTES_MAX = 10;

/** Writes protobuf's wire format (protobuf.dev/programming-guides/encoding) into a buffer that it keeps for the next message. */
export class MessageWriter {
  #bytes: Buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #at = 0;

  /** Starts a message, after room for what goes before it. */
  begin(roomBytes: number): void {
    this.#at = roomBytes;
  }

  /** What has been written, room included. The writer is free for the next message. */
  finish(): Buffer {
    if (this.#at <= COPIED_BYTES_MAX) {
      const copy = Buffer.allocUnsafe(this.#at);
      this.#bytes.copy(copy, 0, 0, this.#at);
      return copy;
    }
    const taken = this.#bytes.subarray(0, this.#at);
    this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    return taken;
  }

  /** An unsigned number of 32 bits. */
  uint32(value: number): void {
    this.#ensure(VARINT_BYTES_MAX);
    const bytes = this.#bytes;
    let at = this.#at;
    let rest = value;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#at = at;
  }

  /** A signed number of 32 bits; negative ones take the ten bytes of their 64-bit form. */
  int32(value: number): void {
    if (value >= 0) this.uint32(value);
    else this.uint64(BigInt.asUintN(64, BigInt(value)));
  }

  /** The bits of a number of 64 bits, signed or not. */
  uint64(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    this.#ensure(VARINT_BYTES_MAX);
    if (rest <= 0x7fff_ffffn) return this.uint32(Number(rest));
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  /** Bytes behind their length. */
  bytes(value: Uint8Array): void {
    const { byteLength } = value;
    if (byteLength > SHORT_BYTES_MAX) {
      this.uint32(byteLength);
      this.#ensure(byteLength);
      this.#bytes.set(value, this.#at);
      this.#at += byteLength;
      return;
    }
    this.#ensure(byteLength + 1);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = byteLength;
    for (let i = 0; i < byteLength; i++) bytes[at++] = value[i] ?? 0;
    this.#at = at;
  }

  /** A text as UTF-8, behind its length. */
  string(value: string): void {
    const { length } = value;
    if (length <= SHORT_STRING_LENGTH_MAX && this.#ascii(value)) return;
    const byteLength = Buffer.byteLength(value, "utf8");
    this.uint32(byteLength);
    this.#ensure(byteLength);
    this.#at += this.#bytes.write(value, this.#at, "utf8");
  }

  /** Starts a part whose length goes before it; `close` wants what this returns. */
  open(): number {
    this.#ensure(1);
    // Most parts are short, so room for one byte is enough.
    this.#at++;
    return this.#at;
  }

  close(startedAt: number): void {
    const byteLength = this.#at - startedAt;
    if (byteLength <= 0x7f) {
      this.#bytes[startedAt - 1] = byteLength;
      return;
    }
    let more = 1;
    for (let rest = byteLength >>> 14; rest > 0; rest >>>= 7) more++;
    this.#ensure(more);
    this.#bytes.copyWithin(startedAt + more, startedAt, this.#at);
    const end = this.#at + more;
    this.#at = startedAt - 1;
    this.uint32(byteLength);
    this.#at = end;
  }

  #ascii(value: string): boolean {
    const { length } = value;
    this.#ensure(length + 1);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = length;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      bytes[at++] = unit;
    }
    this.#at = at;
    return true;
  }

  #ensure(more: number): void {
    if (this.#at + more <= this.#bytes.byteLength) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.byteLength * 2, this.#at + more));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
