import { FRAME_HEADER_BYTES } from "./encoded-message.ts";
import { type MessageEncoding, MessageReader } from "./message-reader.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";

/** Collects the one message of a request. Errors are statuses, thrown as soon as they are known. */
export class SingleRequest {
  readonly #encoding: MessageEncoding;
  readonly #messageBytesMax: number;
  #message: Uint8Array | undefined;
  #reader: MessageReader | undefined;

  constructor(encoding: MessageEncoding, messageBytesMax: number) {
    this.#encoding = encoding;
    this.#messageBytesMax = messageBytesMax;
  }

  push(chunk: Buffer): void {
    if (this.#message !== undefined) {
      if (chunk.byteLength > 0) throw notExactlyOne();
      return;
    }
    // Almost all requests come in one piece and plain.
    if (this.#reader === undefined && isWholeFrame(chunk) && chunk.byteLength <= this.#messageBytesMax) {
      this.#message = chunk.subarray(FRAME_HEADER_BYTES);
      return;
    }
    this.#reader ??= new MessageReader(this.#encoding, this.#messageBytesMax);
    this.#reader.push(chunk);
    this.#message = this.#reader.next();
    if (this.#message !== undefined && this.#reader.hasRest) throw notExactlyOne();
  }

  /** The message, after the end of the request. */
  take(): Uint8Array {
    if (this.#message === undefined) throw notExactlyOne();
    return this.#message;
  }
}

function isWholeFrame(chunk: Buffer): boolean {
  return (
    chunk.byteLength >= FRAME_HEADER_BYTES &&
    chunk[0] === 0 &&
    chunk.readUInt32BE(1) === chunk.byteLength - FRAME_HEADER_BYTES
  );
}

function notExactlyOne(): GrpcStatusError {
  return new GrpcStatusError(StatusCode.INTERNAL, "grpc: a call of this method takes exactly one message");
}
