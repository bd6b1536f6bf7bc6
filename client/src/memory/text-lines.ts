import type { ByteString } from "./byte-string.ts";

/** Git looks for a NUL in so many bytes. */
const BINARY_LOOK_BYTES = 8000;
/** Larger files are binary to servers (`core.bigFileThreshold`). */
const TEXT_BYTES_MAX = 50 * 1024 * 1024;

/** Does Git take these bytes for binary? */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.length > TEXT_BYTES_MAX || bytes.subarray(0, BINARY_LOOK_BYTES).includes(0);
}

/** The bytes as a byte string, cut behind each newline; the last line may lack its own. */
export function linesOf(bytes: Uint8Array): ByteString[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
