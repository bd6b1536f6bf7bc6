import type { ByteString } from "./byte-string.ts";

/** What an object database holds. */
export type ObjectType = "blob" | "tree" | "commit" | "tag";

// Of what can be written through `GitAdapter` there is no other: symbolic links and submodules come by a push.
export const MODE_BLOB = 0o100644;
export const MODE_EXECUTABLE = 0o100755;
export const MODE_TREE = 0o40000;

/** One line of a tree. */
export interface TreeItem {
  readonly name: ByteString;
  readonly mode: number;
  readonly id: string;
}

/** A commit, parsed. */
export interface Commit {
  readonly id: string;
  readonly treeId: string;
  readonly parentIds: readonly string[];
  /** `Name <mail> seconds zone`, as bytes. */
  readonly author: ByteString;
  readonly committer: ByteString;
  readonly message: ByteString;
  /** Of the committer, since 1970. */
  readonly seconds: number;
}

/** An annotated tag, parsed. */
export interface TagObject {
  readonly targetId: string;
  readonly targetType: ObjectType;
  readonly tagger: ByteString;
  readonly message: ByteString;
}
