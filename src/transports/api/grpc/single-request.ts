import { FRAME_HEADER_BYTES } from "./encoded-message.ts";
import { type MessageEncoding, MessageReader } from "./message-reader.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";

/** Larger messages do not come in one piece. */
const WHOLE_BYTES_MAX = 64 * 1024;

/** Collects the one message of a request. Errors are statuses, thrown as soon as they are known. */
export class SingleRequest {
  readonly #encoding: MessageEncoding;
  readonly #messageBytesMax: number;
  #message: Uint8Array | undefined;
  #reader: MessageReader | undefined;
  #isHeld = false;

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
    if (
      this.#reader === undefined &&
      isWholeFrame(chunk) &&
      chunk.byteLength <= Math.min(WHOLE_BYTES_MAX, this.#messageBytesMax)
    ) {
      this.#message = chunk.subarray(FRAME_HEADER_BYTES);
      return;
    }
    this.#reader ??= new MessageReader(this.#encoding, this.#messageBytesMax);
    this.#reader.push(chunk);
    if (!this.#isHeld) this.#read(this.#reader);
  }

  /** Only collects from now on what a large message brings: there may be no room for it yet. */
  hold(): void {
    this.#isHeld = true;
  }

  /** What a message that is held takes in memory at most, bytes; undefined until its length is known. Throws for one that is too large. */
  get memoryBytes(): number | undefined {
    return this.#reader?.memoryBytes;
  }

  /** There is room for the message that was held. */
  admit(): void {
    this.#isHeld = false;
    if (this.#reader !== undefined) this.#read(this.#reader);
  }

  #read(reader: MessageReader): void {
    this.#message = reader.next();
    if (this.#message !== undefined && reader.hasRest) throw notExactlyOne();
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
