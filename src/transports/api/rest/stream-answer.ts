import type { ByteRange } from "./byte-range.ts";
import type { RestRoute } from "./rest-route.ts";
import { describeContent, knownAnswer, partOf, readHeaders } from "./write-answer.ts";
import { tagOfId } from "./conditions.ts";

/** The answer of a download: what fails before the first piece is answered as an error, what fails later cuts the body. */
export async function streamAnswer(
  prepared: RestRoute,
  request: Request,
  input: unknown,
  pieces: AsyncIterable<Uint8Array>,
  onFailed: (error: unknown) => void,
): Promise<Response> {
  const { route } = prepared;
  const headers = readHeaders(prepared, input);
  if (route.content !== undefined) describeContent(headers, route.content, input, undefined);
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (request.method === "HEAD") {
    await iterator.return?.();
    return new Response(null, { headers });
  }
  return new Response(bodyOf(iterator, onFailed, first), { status: route.status ?? 200, headers });
}

/** What a large content is: the output without its bytes, then the bytes in pieces. */
export type LargePieces = AsyncIterable<Record<string, unknown> | Uint8Array>;

/** The answer of content that is too large for memory: headers from the output, the bytes as they come. */
export async function largeAnswer(
  prepared: RestRoute,
  request: Request,
  input: unknown,
  sizeOf: (output: Record<string, unknown>) => number,
  pieces: LargePieces,
  onFailed: (error: unknown) => void,
): Promise<Response> {
  const { route } = prepared;
  const headers = readHeaders(prepared, input);
  const iterator = pieces[Symbol.asyncIterator]();
  const output = (await iterator.next()).value as Record<string, unknown>;
  const answer = async (response: Response) => {
    await iterator.return?.();
    return response;
  };
  const size = sizeOf(output);
  const id = route.etag === undefined ? undefined : output[route.etag];
  const tag = typeof id === "string" ? tagOfId(id, false) : undefined;
  if (tag !== undefined) {
    const known = knownAnswer(request, tag, headers);
    if (known !== undefined) return answer(known);
    headers["etag"] = tag;
  }
  if (route.content !== undefined) describeContent(headers, route.content, input, output);
  const range = partOf(request, size, tag, headers);
  if (range === "unsatisfiable") return answer(new Response(null, { status: 416, headers }));
  const status = range === undefined ? 200 : 206;
  const length = range === undefined ? size : range.last - range.first + 1;
  headers["content-length"] = String(length);
  if (request.method === "HEAD") return answer(new Response(null, { status, headers }));
  const bytes = range === undefined ? (iterator as AsyncIterator<Uint8Array>) : within(iterator, range);
  return new Response(bodyOf(bytes, onFailed), { status, headers });
}

/** The bytes of a range out of all of them. */
async function* within(iterator: AsyncIterator<unknown>, { first, last }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = 0;
  try {
    while (at <= last) {
      const next = await iterator.next();
      if (next.done === true) return;
      const piece = next.value as Uint8Array;
      const part = piece.subarray(Math.max(0, first - at), Math.max(0, last + 1 - at));
      at += piece.length;
      if (part.length > 0) yield part;
    }
  } finally {
    await iterator.return?.();
  }
}

function bodyOf(
  iterator: AsyncIterator<Uint8Array>,
  onFailed: (error: unknown) => void,
  first?: IteratorResult<Uint8Array>,
): ReadableStream<Uint8Array> {
  let next = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const piece = next ?? (await iterator.next());
        next = undefined;
        if (piece.done === true) controller.close();
        else controller.enqueue(piece.value);
      } catch (error) {
        onFailed(error);
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
