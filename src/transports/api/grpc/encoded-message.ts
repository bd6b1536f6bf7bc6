import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";

/** Compressed-flag and length before each message (gRPC over HTTP/2, Length-Prefixed-Message). */
export const FRAME_HEADER_BYTES = 5;

/** Wire type of strings, bytes and messages. */
const LENGTH_DELIMITED = 2;

/** A message that is ready to be sent: for handlers whose answers are worth encoding by hand. */
export class EncodedMessage {
  /** Frame header and message. */
  readonly frame: Uint8Array;

  private constructor(frame: Uint8Array) {
    this.frame = frame;
  }

  /** Takes the bytes of an encoded message. */
  static of(message: Uint8Array): EncodedMessage {
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.byteLength);
    frame.set(message, FRAME_HEADER_BYTES);
    return new EncodedMessage(withHeader(frame));
  }

  /** Encodes a generated message. */
  static from<D extends DescMessage>(schema: D, message: MessageShape<D>): EncodedMessage {
    return EncodedMessage.of(toBinary(schema, message));
  }

  /** Joins the bytes of an encoded message and one bytes field more, whose data is copied once. */
  static joining(head: Uint8Array, fieldNumber: number, data: Uint8Array): EncodedMessage {
    if (data.byteLength === 0) return EncodedMessage.of(head);
    const tag = ((fieldNumber << 3) | LENGTH_DELIMITED) >>> 0;
    const dataAt = FRAME_HEADER_BYTES + head.byteLength + varintBytes(tag) + varintBytes(data.byteLength);
    const frame = Buffer.allocUnsafe(dataAt + data.byteLength);
    frame.set(head, FRAME_HEADER_BYTES);
    const lengthAt = writeVarint(frame, tag, FRAME_HEADER_BYTES + head.byteLength);
    writeVarint(frame, data.byteLength, lengthAt);
    frame.set(data, dataAt);
    return new EncodedMessage(withHeader(frame));
  }
}

function withHeader(frame: Buffer): Buffer {
  frame[0] = 0;
  frame.writeUInt32BE(frame.byteLength - FRAME_HEADER_BYTES, 1);
  return frame;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** Writes a varint and returns where the next byte goes. */
function writeVarint(buffer: Buffer, value: number, offset: number): number {
  let at = offset;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 0x80;
  buffer[at++] = rest;
  return at;
}
