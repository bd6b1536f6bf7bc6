import type { RestRoute } from "./rest-route.ts";
import { describeContent } from "./write-answer.ts";

/** The answer of a download: what fails before the first piece is answered as an error, what fails later cuts the body. */
export async function streamAnswer(
  { route }: RestRoute,
  request: Request,
  input: unknown,
  pieces: AsyncIterable<Uint8Array>,
  onFailed: (error: unknown) => void,
): Promise<Response> {
  const headers = new Headers({ "cache-control": "private, no-cache", vary: "accept, authorization" });
  if (route.content !== undefined) describeContent(headers, route.content, input, undefined);
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (request.method === "HEAD") {
    await iterator.return?.();
    return new Response(null, { headers });
  }
  let next: IteratorResult<Uint8Array> | undefined = first;
  const body = new ReadableStream<Uint8Array>({
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
  return new Response(body, { status: route.status ?? 200, headers });
}
