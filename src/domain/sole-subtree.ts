import type { ByteString } from "./bytes.ts";
import { type Oid, OID_HEX_LENGTH, type ObjectFormat } from "./oid.ts";

/** The one entry of a tree that holds nothing but another tree; undefined for every other tree. */
export function soleSubtree(content: Uint8Array, format: ObjectFormat): { name: ByteString; oid: Oid } | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const modeLength = bytes.indexOf(" ");
  const nameEnd = bytes.indexOf(0, modeLength);
  if (modeLength < 0 || nameEnd < 0) return undefined;
  const oidStart = nameEnd + 1;
  // One entry is as long as the whole tree: mode, space, name, NUL and the id in binary (gitformat-tree).
  if (oidStart + OID_HEX_LENGTH[format] / 2 !== bytes.length) return undefined;
  const mode = bytes.toString("latin1", 0, modeLength);
  if (mode !== "40000" && mode !== "040000") return undefined;
  return { name: bytes.toString("latin1", modeLength + 1, nameEnd), oid: bytes.toString("hex", oidStart) };
}
