import type { CallOptions } from "./call-options.ts";
import type { GitBranch } from "./domain/branch.ts";
import type { GitCommit } from "./domain/commit.ts";
import type { GitDiffEntry, GitDiffStat } from "./domain/diff.ts";
import type { GitRepo } from "./domain/repo.ts";
import type { CommitResult, MergeResult, RevertResult } from "./domain/results.ts";
import type { GitTag } from "./domain/tag.ts";
import type { GitTreeEntry } from "./domain/tree-entry.ts";
import type {
  CommitFiles,
  CreateBranch,
  CreateRepo,
  CreateTag,
  DeleteBranch,
  DeleteTag,
  DiffRange,
  ListCommits,
  MergeBranch,
  MergeToRef,
  PathAt,
  RebaseToRef,
  Revert,
  TreeAt,
  UpdateReferences,
} from "./requests.ts";

/**
 * The boundary that applications program against: Git without a Git library, a shared disk or a process.
 * Every method may throw `GitError` or one of its subclasses; those that answer `null` do so only for the thing that
 * is asked for, never for a repository that does not exist (`NotFoundError`).
 */
export interface GitAdapter {
  /** Makes an empty repository. `ConflictError` when it exists. */
  createRepo(repo: GitRepo, request?: CreateRepo, options?: CallOptions): Promise<void>;
  /** Whether there is such a repository. */
  repoExists(repo: GitRepo, options?: CallOptions): Promise<boolean>;
  /** `NotFoundError` when there is none. */
  removeRepo(repo: GitRepo, options?: CallOptions): Promise<void>;

  /** `ConflictError` when the branch exists, `NotFoundError` when the start point does not. */
  createBranch(repo: GitRepo, request: CreateBranch, options?: CallOptions): Promise<GitBranch>;
  /** `NotFoundError` when there is none, `ConflictError` when it is not at `expectedOldId`. */
  deleteBranch(repo: GitRepo, request: DeleteBranch, options?: CallOptions): Promise<void>;
  /** `null` when there is none. */
  findBranch(repo: GitRepo, name: string, options?: CallOptions): Promise<GitBranch | null>;
  /** By name; none in an empty repository. */
  listBranches(repo: GitRepo, options?: CallOptions): Promise<GitBranch[]>;

  /** In Git's order. `NotFoundError` when revision or path do not exist, or the path is no folder. */
  getTreeEntries(repo: GitRepo, request: TreeAt, options?: CallOptions): Promise<GitTreeEntry[]>;
  /** As `getTreeEntries`, entry by entry. */
  streamTreeEntries(repo: GitRepo, request: TreeAt, options?: CallOptions): AsyncIterable<GitTreeEntry>;
  /** The bytes of a file. `NotFoundError` when revision or path do not exist, or the path is no file. */
  getBlob(repo: GitRepo, request: PathAt, options?: CallOptions): Promise<Uint8Array>;
  /** As `getBlob`, piece by piece. */
  streamBlob(repo: GitRepo, request: PathAt, options?: CallOptions): AsyncIterable<Uint8Array>;
  /**
   * Writes files as one commit on a branch, which is made when it does not exist (from `startBranch`, from the
   * default branch, or as the first commit). `ConflictError` when the branch is not at `expectedOldId`, or a file is
   * there, or is not, against what an action needs; `ValidationError` for a path that Git refuses.
   */
  commitFiles(repo: GitRepo, request: CommitFiles, options?: CallOptions): Promise<CommitResult>;

  /** What changed between two commits, file by file with its whole patch. */
  commitDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<GitDiffEntry[]>;
  /** As `commitDiff`, one file at a time. */
  streamCommitDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): AsyncIterable<GitDiffEntry>;
  /** What `git diff` prints. */
  rawDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<Uint8Array>;
  /** As `rawDiff`, piece by piece. */
  streamRawDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** How many lines changed, file by file. */
  diffStats(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<GitDiffStat[]>;

  /** By any revision: an id, a branch, a tag, `main~2`. `null` when there is none. */
  findCommit(repo: GitRepo, revision: string, options?: CallOptions): Promise<GitCommit | null>;
  /** Newest first. `NotFoundError` when a revision does not exist. */
  listCommits(repo: GitRepo, request: ListCommits, options?: CallOptions): Promise<GitCommit[]>;
  /** As `listCommits`, one by one. */
  streamCommits(repo: GitRepo, request: ListCommits, options?: CallOptions): AsyncIterable<GitCommit>;
  /** Is `ancestor` reachable from `descendant`? A commit is its own ancestor. */
  isAncestor(
    repo: GitRepo,
    request: { readonly ancestor: string; readonly descendant: string },
    options?: CallOptions,
  ): Promise<boolean>;

  /** Merges into a reference that is not a branch, for example `refs/merge-requests/1/merge`. */
  mergeToRef(repo: GitRepo, request: MergeToRef, options?: CallOptions): Promise<MergeResult>;
  /** Merges a commit into a branch: the merge is made, then the branch moved, in two phases of one call. */
  mergeBranch(repo: GitRepo, request: MergeBranch, options?: CallOptions): Promise<MergeResult>;
  /** Replays commits onto another and writes the result to a reference that is not a branch. */
  rebaseToRef(repo: GitRepo, request: RebaseToRef, options?: CallOptions): Promise<MergeResult>;
  /** Annotated with a message, lightweight without. `ConflictError` when it exists. */
  createTag(repo: GitRepo, request: CreateTag, options?: CallOptions): Promise<GitTag>;
  /** `NotFoundError` when there is none, `ConflictError` when it is not at `expectedOldId`. */
  deleteTag(repo: GitRepo, request: DeleteTag, options?: CallOptions): Promise<void>;
  /** `null` when there is none. */
  findTag(repo: GitRepo, name: string, options?: CallOptions): Promise<GitTag | null>;
  /** By name. */
  listTags(repo: GitRepo, options?: CallOptions): Promise<GitTag[]>;
  /** Takes a commit back by another. `ConflictError` when that does not apply, or changes nothing. */
  revert(repo: GitRepo, request: Revert, options?: CallOptions): Promise<RevertResult>;
  /** All references move, or none. `ConflictError` when one is not what it was expected to be. */
  updateReferences(repo: GitRepo, request: UpdateReferences, options?: CallOptions): Promise<void>;
}
