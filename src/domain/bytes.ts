/**
 * A string that carries raw bytes: every character code is one byte, 0 to 255 (latin1).
 * Reference names and paths are bytes in Git; as byte strings they can be map keys and be compared without being decoded.
 */
export type ByteString = string & { readonly __byteString?: never };

/** Turns raw bytes into a byte string, one character for each byte. */
export function toByteString(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Turns a byte string back into the bytes it carries. */
export function fromByteString(text: ByteString): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Encodes Unicode text as the byte string of its UTF-8 bytes. */
export function encodeUtf8(text: string): ByteString {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Decodes the bytes of a byte string as UTF-8; bytes that are not UTF-8 become U+FFFD, so this is for people only. */
export function decodeUtf8(text: ByteString): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

/** Orders byte strings as memcmp orders their bytes, which is how Git sorts names. */
export function compareByteStrings(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
