import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { ObjectFormat, Oid } from "./oid.ts";

/** Bytes that are hashed before others get their turn: a millisecond or two. */
const PIECE_BYTES = 1024 * 1024;

/** The id that bytes have as a blob, whether or not there is one (git-hash-object(1)). */
export async function blobOid(content: Uint8Array, format: ObjectFormat): Promise<Oid> {
  const hash = createHash(format).update(`blob ${content.length}\0`);
  for (let at = 0; at < content.length; at += PIECE_BYTES) {
    if (at > 0) await setImmediate();
    hash.update(content.subarray(at, at + PIECE_BYTES));
  }
  return hash.digest("hex");
}
