import type { GitObjectType, GitTreeEntry } from "../domain/tree-entry.ts";
import { type TreeEntry, TreeEntry_EntryType } from "./generated/commit_pb.ts";
import { isUtf8, plainBytes, textOf } from "./text.ts";

export const OBJECT_TYPES: Readonly<Record<TreeEntry_EntryType, GitObjectType>> = {
  [TreeEntry_EntryType.BLOB]: "blob",
  [TreeEntry_EntryType.TREE]: "tree",
  [TreeEntry_EntryType.COMMIT]: "commit",
};

/** The bytes of a path, if its text does not say the same. */
export function pathBytesOf(path: Uint8Array): Uint8Array | undefined {
  return isUtf8(path) ? undefined : plainBytes(path);
}

export function treeEntryOf(message: TreeEntry): GitTreeEntry {
  const path = textOf(message.path);
  const entry = {
    oid: message.oid,
    path,
    type: OBJECT_TYPES[message.type] ?? "blob",
    mode: message.mode,
    flatPath: flatPathOf(message, path),
  };
  // Only a text with a replacement in it can have lost anything.
  return path.includes("\ufffd") && !isUtf8(message.path) ? { ...entry, pathBytes: plainBytes(message.path) } : entry;
}

/** Lists of everything below come without. Mostly it is the path, and then there is one text for both. */
function flatPathOf({ path: pathBytes, flatPath }: TreeEntry, path: string): string {
  return flatPath.byteLength === 0 || equalBytes(flatPath, pathBytes) ? path : textOf(flatPath);
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0;
}
