import type { ByteString } from "../../../../domain/bytes.ts";

const FIRST_BUFFER_BYTES = 16 * 1024;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** Longest varint: ten groups of seven bits. */
const VARINT_BYTES_MAX = 10;

/** A shorter byte string is cheaper to write byte by byte than by a call into the runtime. */
const SHORT_BYTES_MAX = 16;

/**
 * Writes protobuf messages into one growing buffer (protobuf.dev, Encoding), for answers of tens of thousands of items, where
 * a message object for each would cost more than the reading of the repository. Fields with default values are left out, as
 * proto3 asks. Fields must be written in the order of their numbers, so that the bytes equal those of the general encoder.
 */
export class MessageWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
  #at = 0;

  /** Bytes written since the last `clear`. */
  get length(): number {
    return this.#at;
  }

  clear(): void {
    this.#at = 0;
  }

  /** Forgets what was written behind a position, and gives it. */
  cut(position: number): Uint8Array {
    const cutOff = Buffer.from(this.#buffer.subarray(position, this.#at));
    this.#at = position;
    return cutOff;
  }

  /** What has been written; valid until the next write. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  /** Appends bytes that are encoded already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  /** An integer field, enums and booleans included; not negative and at most 2^53. */
  integer(field: number, value: number): void {
    if (value === 0) return;
    this.#reserve(VARINT_BYTES_MAX * 2);
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  /** An integer field of 64 bits; not negative. */
  bigInteger(field: number, value: bigint): void {
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.integer(field, Number(value));
      return;
    }
    this.#reserve(VARINT_BYTES_MAX * 2);
    this.#tag(field, VARINT);
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[this.#at++] = Number(rest);
  }

  /** A bytes field. */
  bytes(field: number, value: Uint8Array): void {
    const length = value.byteLength;
    if (length === 0) return;
    this.#reserve(VARINT_BYTES_MAX * 2 + length);
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(length);
    if (length <= SHORT_BYTES_MAX) for (let i = 0; i < length; i++) this.#buffer[this.#at++] = value[i]!;
    else {
      this.#buffer.set(value, this.#at);
      this.#at += length;
    }
  }

  /** A bytes field from a byte string, or a string field of ASCII only. */
  text(field: number, value: ByteString): void {
    this.#text(field, value, value.length);
  }

  /** A bytes field of two byte strings, one behind the other. */
  joined(field: number, first: ByteString, second: ByteString): void {
    if (first === "") this.#text(field, second, second.length);
    else this.#text(field, first + second, first.length + second.length);
  }

  /** Begins a field that is a message; its fields follow, then `end` with what this returns. */
  begin(field: number): number {
    this.#reserve(VARINT_BYTES_MAX * 2);
    this.#tag(field, LENGTH_DELIMITED);
    // Most messages are shorter than 128 bytes and need one byte for their length; `end` makes room for more.
    return ++this.#at;
  }

  /** Ends the message that began at a position. */
  end(start: number): void {
    const length = this.#at - start;
    if (length > 0x7f) {
      const extra = varintLength(length) - 1;
      this.#reserve(extra);
      this.#buffer.copyWithin(start + extra, start, this.#at);
      this.#at = start - 1;
      this.#varint(length);
      this.#at += length;
    } else this.#buffer[start - 1] = length;
  }

  #text(field: number, value: ByteString, length: number): void {
    if (length === 0) return;
    this.#reserve(VARINT_BYTES_MAX * 2 + length);
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(length);
    if (length <= SHORT_BYTES_MAX) for (let i = 0; i < length; i++) this.#buffer[this.#at++] = value.charCodeAt(i);
    else this.#at += this.#buffer.write(value, this.#at, "latin1");
  }

  #tag(field: number, wireType: number): void {
    this.#varint(((field << 3) | wireType) >>> 0);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) this.#buffer[this.#at++] = (rest % 128) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#at++] = rest;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.byteLength) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.byteLength * 2));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++;
  return length;
}
