import { OperationError } from "../../../domain/errors.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The JSON of a request's body; undefined when there is none. Throws `media_type_unsupported`, `too_large`, and `malformed_request` for
 * what is not JSON.
 */
export async function readBody(request: Request, bytesMax: number): Promise<unknown> {
  if (request.body === null) return undefined;
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > bytesMax) throw tooLarge(announced, bytesMax);
  const bytes = await collect(request.body, bytesMax);
  if (bytes.length === 0) return undefined;
  const mediaType = request.headers.get("content-type") ?? "";
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(mediaType))
    throw new OperationError("media_type_unsupported", { mediaType, expected: "application/json" });
  const { text, value } = parsed(bytes);
  // UTF-8 has no halves of surrogate pairs; escapes may spell one, which no bytes are.
  if (/\\u[dD][89a-fA-F]/.test(text) && !isWellFormed(value))
    throw new OperationError("malformed_request", { part: "body", problem: "has half of a surrogate pair in a text" });
  return value;
}

function parsed(bytes: Uint8Array): { readonly text: string; readonly value: unknown } {
  try {
    const text = UTF8.decode(bytes);
    return { text, value: JSON.parse(text) as unknown };
  } catch (error) {
    throw new OperationError("malformed_request", { part: "body", problem: "is not JSON" }, { cause: error });
  }
}

/** Are all texts in the value Unicode? Without recursion: bodies may be nested deeply. */
function isWellFormed(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const each = left.pop();
    if (typeof each === "string" && !each.isWellFormed()) return false;
    if (typeof each !== "object" || each === null) continue;
    for (const [name, part] of Object.entries(each)) {
      if (!name.isWellFormed()) return false;
      left.push(part);
    }
  }
  return true;
}

async function collect(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > bytesMax) throw tooLarge(length, bytesMax);
    pieces.push(piece);
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

const tooLarge = (sizeBytes: number, limitBytes: number) =>
  new OperationError("too_large", { what: "body", sizeBytes, limitBytes });
