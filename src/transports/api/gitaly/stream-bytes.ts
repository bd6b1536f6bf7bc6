/** Content of files and diffs is sent in pieces of at most this size. */
export const PIECE_BYTES_MAX = 128 * 1024;

/** Cuts content into pieces that fit into a message; no content is one empty piece. */
export function* piecesOf(data: Uint8Array): Generator<Uint8Array> {
  if (data.byteLength <= PIECE_BYTES_MAX) yield data;
  else for (let at = 0; at < data.byteLength; at += PIECE_BYTES_MAX) yield data.subarray(at, at + PIECE_BYTES_MAX);
}
