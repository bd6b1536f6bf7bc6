import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { OperationError } from "../../../domain/errors.ts";

/** Compressed requests are pkt-lines with object names, or packs: nothing that shrinks much. What does is an attack. */
const INFLATION_MAX = 100;
/** So much may be inflated at any ratio. */
const INFLATED_FREE_BYTES = 1024 * 1024;
/** A body that says that it is no larger is taken whole. */
const SMALL_BODY_BYTES_MAX = 64 * 1024;
/** Piece of inflated data. */
const INFLATED_PIECE_BYTES = 64 * 1024;

/**
 * The body of a request in the pieces that it comes in, inflated where it is compressed as git compresses: `gzip` alone. Only what was
 * asked for is read. Throws `too_large` beyond so many bytes, inflated ones too, `media_type_unsupported` for other encodings, and
 * `protocol_error` for broken ones.
 */
export function requestParts(request: Request, bytesMax: number): AsyncIterable<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? "0");
  if (announced > bytesMax) throw tooLarge(announced, bytesMax);
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  switch (encoding) {
    case "identity":
      return announced > 0 && announced <= SMALL_BODY_BYTES_MAX
        ? inOnePiece(request)
        : counted(bodyOf(request), () => bytesMax);
    case "gzip":
    case "x-gzip":
      return inflated(bodyOf(request), bytesMax);
    default:
      throw new OperationError("media_type_unsupported", { mediaType: encoding, expected: "gzip" });
  }
}

/** What a client negotiates with is mostly small: taken whole it costs a fraction of what a stream does. */
async function* inOnePiece(request: Request): AsyncGenerator<Uint8Array, void, void> {
  yield await request.bytes();
}

const bodyOf = (request: Request): ReadableStream<Uint8Array> =>
  request.body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });

async function* counted(
  parts: AsyncIterable<Uint8Array>,
  bytesMax: () => number,
): AsyncGenerator<Uint8Array, void, void> {
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.byteLength;
    if (bytes > bytesMax()) throw tooLarge(bytes, bytesMax());
    yield part;
  }
}

async function* inflated(body: ReadableStream<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let arrived = 0;
  let failure: Error | undefined;
  const compressed = async function* () {
    try {
      for await (const part of counted(body, () => bytesMax)) {
        arrived += part.byteLength;
        yield part;
      }
    } catch (error) {
      if (error instanceof Error) failure = error;
      throw error;
    }
  };
  const gunzip = createGunzip({ chunkSize: INFLATED_PIECE_BYTES });
  // Errors come out of the loop below.
  pipeline(Readable.from(compressed(), { objectMode: false, highWaterMark: INFLATED_PIECE_BYTES }), gunzip, () => {});
  try {
    yield* counted(gunzip, () => Math.min(bytesMax, INFLATED_FREE_BYTES + arrived * INFLATION_MAX));
  } catch (error) {
    if (failure !== undefined) throw failure;
    if (error instanceof OperationError) throw error;
    throw new OperationError("protocol_error", { problem: "the body is not what gzip makes" }, { cause: error });
  } finally {
    gunzip.destroy();
  }
}

function tooLarge(sizeBytes: number, limitBytes: number): OperationError {
  return new OperationError("too_large", { what: "request", sizeBytes, limitBytes });
}
