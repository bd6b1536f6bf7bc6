import type { GitCommit } from "./commit.ts";

/** A branch by its short name: `main`, never `refs/heads/main`. */
export interface GitBranch {
  readonly name: string;
  readonly commit: GitCommit;
}
