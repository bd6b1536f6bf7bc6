import { OperationError } from "../../../domain/errors.ts";

/** Messages are written by models: files that are larger are pushed with git, or put over REST. */
export const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
/** Messages in one batch, as clients of 2025-03-26 may send. */
const BATCH_MAX = 32;

/** The JSON-RPC message of a request, or a batch of them. Throws `media_type_unsupported`, `too_large`, and `malformed_request` for what is not JSON. */
export async function readMessage(request: Request): Promise<unknown> {
  const mediaType = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(?:;|$)/i.test(mediaType))
    throw new OperationError("media_type_unsupported", { mediaType, expected: "application/json" });
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > MESSAGE_BYTES_MAX) throw tooLarge(announced);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.length;
    if (length > MESSAGE_BYTES_MAX) throw tooLarge(length);
    pieces.push(piece);
  }
  const message = parsed(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  if (Array.isArray(message) && message.length > BATCH_MAX)
    throw new OperationError("too_large", { what: "batch", sizeBytes: length, limitBytes: MESSAGE_BYTES_MAX });
  return message;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new OperationError("malformed_request", { part: "body", problem: "is not JSON" }, { cause: error });
  }
}

const tooLarge = (sizeBytes: number) =>
  new OperationError("too_large", { what: "message", sizeBytes, limitBytes: MESSAGE_BYTES_MAX });
