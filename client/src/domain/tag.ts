import type { GitAuthor, GitCommit } from "./commit.ts";

/** A tag by its short name: `v1.0`, never `refs/tags/v1.0`. */
export interface GitTag {
  readonly name: string;
  /** Of the tag object; of what it points at for a lightweight tag. */
  readonly id: string;
  /** The commit it leads to; absent when it leads to a tree or a blob. */
  readonly targetCommit?: GitCommit;
  /** Annotated tags have one. */
  readonly message?: string;
  readonly tagger?: GitAuthor;
}
