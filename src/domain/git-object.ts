import type { ByteString } from "./bytes.ts";
import type { Oid } from "./oid.ts";

/** The four kinds of objects that Git stores. */
export type ObjectType = "commit" | "tree" | "blob" | "tag";

/** What an object's header says. */
export interface ObjectInfo {
  readonly oid: Oid;
  readonly type: ObjectType;
  /** Length of the whole content in bytes. */
  readonly size: number;
}

/** An object with its content, which may have been cut to a limit; `size` is always the whole length. */
export interface GitObject extends ObjectInfo {
  readonly content: Uint8Array;
}

/** A path inside a tree: segments separated by `/`, no slash at either end; `""` is the root. */
export type GitPath = ByteString;

/** Mode of a tree entry as Git stores it (octal in the tree). */
export type FileMode = number;

export const MODE_TREE = 0o040000;
export const MODE_BLOB = 0o100644;
export const MODE_EXECUTABLE = 0o100755;
export const MODE_SYMLINK = 0o120000;
export const MODE_GITLINK = 0o160000;

/** One entry of a tree; `path` is counted from the root of the listing. A gitlink (submodule) has type `commit`. */
export interface TreeEntry {
  readonly path: GitPath;
  readonly mode: FileMode;
  readonly type: "blob" | "tree" | "commit";
  readonly oid: Oid;
}

/** What a path leads to; of a blob its length too, and its content, which may have been cut to a limit. */
export interface TreeFile {
  readonly entry: TreeEntry;
  readonly size?: number;
  readonly content?: Uint8Array;
}

/** The object type that a mode stands for. */
export function typeOfMode(mode: FileMode): TreeEntry["type"] {
  const kind = mode & 0o170000;
  return kind === MODE_TREE ? "tree" : kind === MODE_GITLINK ? "commit" : "blob";
}

/** One change of `editTree`: put an entry at a path, or remove what is there. */
export type TreeEdit =
  | { readonly path: GitPath; readonly mode: FileMode; readonly oid: Oid }
  | { readonly path: GitPath; readonly remove: true };
