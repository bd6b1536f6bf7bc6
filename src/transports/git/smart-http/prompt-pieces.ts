/** So much is gathered before an answer begins; packs come in larger pieces. */
const GATHERED_BYTES_MAX = 128 * 1024;

/** What an operation has yielded so far; when it is not `whole`, `next` is the piece that is being waited for. */
export interface PromptPieces {
  readonly pieces: readonly Uint8Array[];
  readonly whole: boolean;
  readonly next?: Promise<IteratorResult<Uint8Array>>;
}

/**
 * Takes what an operation yields without waiting for anything but itself: most answers are whole before the event loop turns, and are then
 * sent in one go. Throws what the operation throws before its first piece; later failures are left in `next`.
 */
export async function promptPieces(outputs: AsyncIterator<Uint8Array>): Promise<PromptPieces> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const first = await outputs.next();
  if (first.done === true) return { pieces, whole: true };
  pieces.push(first.value);
  bytes += first.value.byteLength;
  const turned = new Promise<undefined>((resolve) => setImmediate(resolve));
  while (bytes < GATHERED_BYTES_MAX) {
    // An operation may write over a piece once the next is asked for.
    pieces.push(Buffer.from(pieces.pop()!));
    const next = outputs.next();
    let settled: IteratorResult<Uint8Array> | undefined;
    try {
      settled = await Promise.race([next, turned]);
    } catch {
      return { pieces, whole: false, next };
    }
    if (settled === undefined) return { pieces, whole: false, next };
    if (settled.done === true) return { pieces, whole: true };
    pieces.push(settled.value);
    bytes += settled.value.byteLength;
  }
  return { pieces, whole: false };
}
