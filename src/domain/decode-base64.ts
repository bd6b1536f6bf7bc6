/** Bytes whose owner lets them be overwritten. */
export type MutableBytes = Buffer;

/** Whole groups of four, and so few that the strings on the way are small. */
const CHUNK_LENGTH = 64 * 1024;
const PADDING = 0x3d;

/** Decodes base64 where it stands; undefined for what is none, which Node.js would pass over in silence. What stood there is gone in either case. */
export function decodeBase64(text: MutableBytes): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.at(-1) !== PADDING ? 0 : text.at(-2) !== PADDING ? 1 : 2;
  const length = (text.length / 4) * 3 - padding;
  let written = 0;
  for (let at = 0; at < text.length; at += CHUNK_LENGTH) {
    const chunk = text.toString("latin1", at, at + CHUNK_LENGTH);
    try {
      written += text.subarray(written).setFromBase64(chunk).written;
    } catch {
      return undefined;
    }
    // White space, or padding within: fewer bytes than so many characters say.
    if (written !== Math.min(((at + chunk.length) / 4) * 3, length)) return undefined;
  }
  return text.subarray(0, length);
}
