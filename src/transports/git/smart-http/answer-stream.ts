import type { Silence } from "./silence.ts";

/**
 * What an operation yields as the body of an answer, what there is `already` before it. The next piece is asked for when the connection can take it. A
 * failure ends the body: the client has been told inside the protocol. When the client goes, the operation is told to return.
 */
export function answerStream(
  already: { readonly pieces: readonly Uint8Array[]; readonly next?: Promise<IteratorResult<Uint8Array>> },
  outputs: AsyncIterator<Uint8Array>,
  { silence, onFailed }: { readonly silence: Silence; readonly onFailed: (error: unknown) => void },
): ReadableStream<Uint8Array> {
  const before = already.pieces.filter((piece) => piece.byteLength > 0);
  let awaited = already.next;
  const more = () => {
    const promised = awaited ?? outputs.next();
    awaited = undefined;
    return promised;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        silence.end();
        const piece = before.shift() ?? (await next(more, onFailed));
        if (piece === undefined) return controller.close();
        controller.enqueue(piece);
        silence.begin();
      },
      async cancel() {
        silence.end();
        await outputs.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The next piece that is not empty; undefined at the end, also at one that is a failure. */
async function next(
  more: () => Promise<IteratorResult<Uint8Array>>,
  onFailed: (error: unknown) => void,
): Promise<Uint8Array | undefined> {
  try {
    for (;;) {
      const { value, done } = await more();
      if (done === true) return undefined;
      if (value.byteLength > 0) return value;
    }
  } catch (error) {
    onFailed(error);
    return undefined;
  }
}
