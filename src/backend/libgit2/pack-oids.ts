import type { Oid } from "../../domain/oid.ts";

/** SHA-1 ids as the addon takes lists of them: 20 bytes each. */
export function packOids(oids: readonly Oid[]): Buffer {
  return Buffer.from(oids.join(""), "hex");
}
