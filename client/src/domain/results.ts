/** A commit that stands on its branch. */
export interface CommitResult {
  readonly commitId: string;
  /** The branch did not exist before. */
  readonly branchCreated: boolean;
}

/** What a merge or a rebase has made. */
export interface MergeResult {
  readonly commitId: string;
}

/** A commit that takes another one back. */
export interface RevertResult {
  readonly commitId: string;
  readonly branchCreated: boolean;
}
