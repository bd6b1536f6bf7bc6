import { OperationError } from "../domain/errors.ts";

/** A packet: its payload, or one of the special packets without any (gitprotocol-common(5), gitprotocol-v2(5)). */
export type Packet = Buffer | "flush" | "delim" | "response-end";

/** The longest packet, header included. */
export const PACKET_BYTES_MAX = 65_520;
const HEADER_BYTES = 4;
/** The longest payload. */
export const PAYLOAD_BYTES_MAX = PACKET_BYTES_MAX - HEADER_BYTES;

export const FLUSH: Buffer = Buffer.from("0000");
export const DELIM: Buffer = Buffer.from("0001");
export const RESPONSE_END: Buffer = Buffer.from("0002");

/** One packet with its header; text is taken as a byte string. Throws RangeError for a payload that is too long. */
export function encodePacket(payload: Uint8Array | string): Buffer {
  const length = HEADER_BYTES + payload.length;
  if (length > PACKET_BYTES_MAX) throw new RangeError(`a packet of ${length} bytes`);
  const packet = Buffer.allocUnsafe(length);
  writePacketHeader(packet, 0, length);
  if (typeof payload === "string") packet.write(payload, HEADER_BYTES, "latin1");
  else packet.set(payload, HEADER_BYTES);
  return packet;
}

const HEX = Buffer.from("0123456789abcdef");

/** Writes the four hexadecimal digits of a packet's length, header included. */
export function writePacketHeader(into: Buffer, offset: number, length: number): void {
  into[offset] = HEX[(length >> 12) & 15]!;
  into[offset + 1] = HEX[(length >> 8) & 15]!;
  into[offset + 2] = HEX[(length >> 4) & 15]!;
  into[offset + 3] = HEX[length & 15]!;
}

/** An `ERR` packet: how a server says, inside the protocol, why it goes no further. */
export function errorPacket(message: string): Buffer {
  const text = Buffer.from(`ERR ${message}\n`, "utf8");
  return encodePacket(text.subarray(0, PAYLOAD_BYTES_MAX));
}

/** The payload as text of one line: a byte string without the line feed at its end. */
export function lineOf(payload: Buffer): string {
  const end = payload.at(-1) === 0x0a ? payload.length - 1 : payload.length;
  return payload.toString("latin1", 0, end);
}

/** Cuts a stream of bytes into packets. What follows the last packet that was asked for stays readable as bytes. */
export class PacketReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffered: Buffer = Buffer.alloc(0);
  /** How much of it has been given away; a view of the rest for each packet would cost more than the packet. */
  #at = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next packet; undefined at the end of the stream. Throws `protocol_error` for what is no packet, or is cut off. */
  async next(): Promise<Packet | undefined> {
    if (!(await this.#fill(HEADER_BYTES))) {
      if (this.#buffered.length === this.#at) return undefined;
      throw new OperationError("protocol_error", { problem: "the input ends within the header of a packet" });
    }
    const length = lengthOf(this.#buffered, this.#at);
    if (length <= 2) {
      this.#at += HEADER_BYTES;
      return length === 0 ? "flush" : length === 1 ? "delim" : "response-end";
    }
    if (!(await this.#fill(length))) {
      throw new OperationError("protocol_error", { problem: "the input ends within a packet" });
    }
    const payload = this.#buffered.subarray(this.#at + HEADER_BYTES, this.#at + length);
    this.#at += length;
    return payload;
  }

  /** Is nothing left? Waits for the client's next bytes, or its end. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill(1));
  }

  /** What follows, as bytes in the pieces they come in. */
  async *rest(): AsyncGenerator<Buffer> {
    const first = this.#buffered.subarray(this.#at);
    this.#buffered = Buffer.alloc(0);
    this.#at = 0;
    if (first.length > 0) yield first;
    while (!this.#ended) {
      const next = await this.#source.next();
      if (next.done === true) this.#ended = true;
      else if (next.value.length > 0) yield asBuffer(next.value);
    }
  }

  /** Tells the source that no more of it is wanted. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#source.return?.();
  }

  /** Waits until so many bytes are there; false when the stream ends before. */
  async #fill(bytes: number): Promise<boolean> {
    const there = this.#buffered.length - this.#at;
    if (there >= bytes) return true;
    const pieces = there === 0 ? [] : [this.#buffered.subarray(this.#at)];
    let length = there;
    while (length < bytes && !this.#ended) {
      const next = await this.#source.next();
      if (next.done === true) this.#ended = true;
      else {
        pieces.push(asBuffer(next.value));
        length += next.value.length;
      }
    }
    this.#buffered = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length);
    this.#at = 0;
    return length >= bytes;
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The length in a packet's header; throws `protocol_error` for one that cannot be. */
function lengthOf(bytes: Buffer, at: number): number {
  const digits = bytes.toString("latin1", at, at + HEADER_BYTES);
  const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
  if (length < 0 || length === 3 || length > PACKET_BYTES_MAX) {
    throw new OperationError("protocol_error", { problem: `bad line length character: ${JSON.stringify(digits)}` });
  }
  return length;
}
