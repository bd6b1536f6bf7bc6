import type { ByteString } from "../domain/bytes.ts";
import {
  MODE_BLOB,
  MODE_EXECUTABLE,
  MODE_GITLINK,
  MODE_SYMLINK,
  MODE_TREE,
  type FileMode,
  type TreeEntry,
  typeOfMode,
} from "../domain/git-object.ts";
import type { Oid } from "../domain/oid.ts";

/** One entry of a tree object; `path` is the bare name. */
export type RawTreeEntry = TreeEntry;

/** Entries of a tree object (gitformat-tree: mode, space, name, NUL, binary id), in its order. */
export function* parseTree(content: Uint8Array, oidBytes: number): Generator<RawTreeEntry> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    if (space < 0 || end < 0 || end + 1 + oidBytes > bytes.length) return;
    const mode = canonicalMode(Number.parseInt(bytes.toString("latin1", at, space), 8));
    const path: ByteString = bytes.toString("latin1", space + 1, end);
    const oid: Oid = bytes.toString("hex", end + 1, end + 1 + oidBytes);
    yield { path, mode, type: typeOfMode(mode), oid };
    at = end + 1 + oidBytes;
  }
}

/** The mode as git reports it: old trees hold others, such as 100664. */
export function canonicalMode(mode: number): FileMode {
  switch (mode & 0o170000) {
    case 0o100000:
      return (mode & 0o100) === 0 ? MODE_BLOB : MODE_EXECUTABLE;
    case MODE_SYMLINK:
      return MODE_SYMLINK;
    case MODE_TREE:
      return MODE_TREE;
    default:
      return MODE_GITLINK;
  }
}
