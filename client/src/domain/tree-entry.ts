/** What a tree can hold; a `commit` is a submodule. */
export type GitObjectType = "blob" | "tree" | "commit";

/** One line of a tree. */
export interface GitTreeEntry {
  readonly oid: string;
  /** From the root of the repository; what is not UTF-8 in it is replaced, see `pathBytes`. */
  readonly path: string;
  /** The path as it is, present when it is not UTF-8. */
  readonly pathBytes?: Uint8Array;
  readonly type: GitObjectType;
  /** Git's mode as a number: 0o100644, 0o100755, 0o120000, 0o40000, 0o160000. */
  readonly mode: number;
  /** The path of the first folder below that does not hold a single folder alone; the path itself otherwise. */
  readonly flatPath: string;
}
