import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

export type HandMadeType = "commit" | "tree" | "blob" | "tag";

/** An object as somebody claims it to be, right or wrong. */
export interface HandMadeObject {
  readonly type: HandMadeType;
  readonly content: Buffer;
}

const NUMBERS: Readonly<Record<HandMadeType | "ofs-delta" | "ref-delta", number>> = {
  commit: 1,
  tree: 2,
  blob: 3,
  tag: 4,
  "ofs-delta": 6,
  "ref-delta": 7,
};

export function handMade(type: HandMadeType, content: string | Buffer): HandMadeObject {
  return { type, content: Buffer.from(content as string, "latin1") };
}

export function oidOf({ type, content }: HandMadeObject): string {
  return createHash("sha1").update(`${type} ${content.length}\0`).update(content).digest("hex");
}

/** The header of an object in a pack (gitformat-pack(5)); the size may be a lie. */
export function objectHeader(type: keyof typeof NUMBERS, size: number): Buffer {
  const bytes: number[] = [];
  let byte = (NUMBERS[type] << 4) | (size % 16);
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 0x80);
    byte = rest % 128;
  }
  return Buffer.from([...bytes, byte]);
}

export function packed({ type, content }: HandMadeObject): Buffer {
  return Buffer.concat([objectHeader(type, content.length), deflateSync(content)]);
}

/** A pack of these entries; version, count and checksum may be lies. */
export function handMadePack(
  entries: readonly Buffer[],
  { version = 2, count = entries.length, checksum }: { version?: number; count?: number; checksum?: Buffer } = {},
): Buffer {
  const header = Buffer.alloc(12);
  header.write("PACK", "latin1");
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(count, 8);
  const body = Buffer.concat([header, ...entries]);
  return Buffer.concat([body, checksum ?? createHash("sha1").update(body).digest()]);
}
