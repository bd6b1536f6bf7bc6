import type { ByteString } from "../../domain/bytes.ts";

/** Byte strings as the addon takes lists of them: u32 length, little endian, and the bytes of each. */
export function packTexts(texts: readonly ByteString[]): Buffer {
  const size = texts.reduce((sum, text) => sum + 4 + text.length, 0);
  const packed = Buffer.allocUnsafe(size);
  let at = 0;
  for (const text of texts) {
    at = packed.writeUInt32LE(text.length, at);
    at += packed.write(text, at, "latin1");
  }
  return packed;
}

/** Object ids that came in one string. */
export function splitOids(text: string): string[] {
  const oids: string[] = [];
  for (let at = 0; at < text.length; at += OID_LENGTH) oids.push(text.slice(at, at + OID_LENGTH));
  return oids;
}

const OID_LENGTH = 40;
