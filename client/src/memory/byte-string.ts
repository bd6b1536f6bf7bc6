/**
 * Bytes as a string, one character for each: names and paths of Git are bytes, sort as bytes, and serve as keys of maps.
 * The API speaks text; these two functions stand between.
 */
export type ByteString = string;

/** The UTF-8 bytes of a text. */
export function toByteString(text: string): ByteString {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** The bytes read as UTF-8; what is none becomes U+FFFD. */
export function toText(bytes: ByteString): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** The bytes themselves. */
export function toBytes(bytes: ByteString): Buffer {
  return Buffer.from(bytes, "latin1");
}

/** Orders byte strings as memcmp(3) does. */
export function compareBytes(a: ByteString, b: ByteString): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
