import { gunzipSync } from "node:zlib";
import { FRAME_HEADER_BYTES } from "./encoded-message.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";

/** Deflate makes nothing smaller than this part of it (zlib's technical details). */
const DEFLATE_RATIO_MAX = 1032;

/** How the messages of a request may be compressed; named by its `grpc-encoding` header. */
export type MessageEncoding = "identity" | "gzip";

/** Cuts the bytes of a request into messages. Errors are statuses with grpc-go's texts, and end the call. */
export class MessageReader {
  readonly #encoding: MessageEncoding;
  readonly #messageBytesMax: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Bytes that the next step needs before it is worth looking again. */
  #wanted = FRAME_HEADER_BYTES;

  constructor(encoding: MessageEncoding, messageBytesMax: number) {
    this.#encoding = encoding;
    this.#messageBytesMax = messageBytesMax;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.byteLength;
  }

  /** The next message, or undefined until more bytes have come. */
  next(): Uint8Array | undefined {
    if (this.#buffered < this.#wanted) return undefined;
    const bytes = this.#joined();
    const lengthBytes = this.#checkedLength(bytes);
    const end = FRAME_HEADER_BYTES + lengthBytes;
    if (bytes.byteLength < end) {
      this.#wanted = end;
      return undefined;
    }
    const body = bytes.subarray(FRAME_HEADER_BYTES, end);
    this.#chunks = end === bytes.byteLength ? [] : [bytes.subarray(end)];
    this.#buffered = bytes.byteLength - end;
    this.#wanted = FRAME_HEADER_BYTES;
    return bytes[0] === 0 ? body : this.#decompress(bytes[0], body);
  }

  /** What the next message takes in memory at most, bytes; undefined until its length is known. Throws for one that is too large. */
  get memoryBytes(): number | undefined {
    const [first] = this.#chunks;
    if (first === undefined || this.#buffered < FRAME_HEADER_BYTES) return undefined;
    const bytes = first.byteLength < FRAME_HEADER_BYTES ? this.#joined() : first;
    const lengthBytes = this.#checkedLength(bytes);
    return bytes[0] === 0 ? lengthBytes : Math.min(this.#messageBytesMax, lengthBytes * DEFLATE_RATIO_MAX);
  }

  /** Are there bytes of an unfinished message? */
  get hasRest(): boolean {
    return this.#buffered > 0;
  }

  #checkedLength(frame: Buffer): number {
    const lengthBytes = frame.readUInt32BE(1);
    if (lengthBytes > this.#messageBytesMax) throw tooLarge("larger", lengthBytes, this.#messageBytesMax);
    return lengthBytes;
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    const joined = Buffer.concat(this.#chunks, this.#buffered);
    this.#chunks = [joined];
    return joined;
  }

  #decompress(flag: number | undefined, body: Buffer): Uint8Array {
    if (flag !== 1) throw new GrpcStatusError(StatusCode.INTERNAL, `grpc: received unexpected payload format ${flag}`);
    if (this.#encoding === "identity") {
      throw new GrpcStatusError(StatusCode.INTERNAL, "grpc: compressed flag set with identity or empty encoding");
    }
    try {
      return gunzipSync(body, { maxOutputLength: this.#messageBytesMax });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        throw tooLarge("after decompression larger", this.#messageBytesMax + 1, this.#messageBytesMax);
      }
      throw new GrpcStatusError(StatusCode.INTERNAL, "grpc: failed to decompress the received message", { cause });
    }
  }
}

function tooLarge(what: string, actual: number, maximum: number): GrpcStatusError {
  return new GrpcStatusError(
    StatusCode.RESOURCE_EXHAUSTED,
    `grpc: received message ${what} than max (${actual} vs. ${maximum})`,
  );
}
