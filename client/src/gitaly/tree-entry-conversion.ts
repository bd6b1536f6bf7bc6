import type { GitObjectType, GitTreeEntry } from "../domain/tree-entry.ts";
import { type TreeEntry, TreeEntry_EntryType } from "./generated/commit_pb.ts";
import { isUtf8, plainBytes, textOf } from "./text.ts";

const TYPES: Readonly<Record<TreeEntry_EntryType, GitObjectType>> = {
  [TreeEntry_EntryType.BLOB]: "blob",
  [TreeEntry_EntryType.TREE]: "tree",
  [TreeEntry_EntryType.COMMIT]: "commit",
};

export function treeEntryOf(message: TreeEntry): GitTreeEntry {
  const path = textOf(message.path);
  return {
    oid: message.oid,
    path,
    // Only a text with a replacement in it can have lost anything.
    ...(path.includes("\ufffd") && !isUtf8(message.path) ? { pathBytes: plainBytes(message.path) } : {}),
    type: TYPES[message.type] ?? "blob",
    mode: message.mode,
    // Lists of everything below come without.
    flatPath: message.flatPath.byteLength === 0 ? path : textOf(message.flatPath),
  };
}
