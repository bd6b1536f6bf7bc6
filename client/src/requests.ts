import type { FileAction } from "./domain/file-action.ts";
import type { RefUpdate } from "./domain/ref-update.ts";
import type { AuthorOverride, GitUser } from "./domain/user.ts";

/** How a new repository is made. */
export interface CreateRepo {
  /** `main` without. */
  readonly defaultBranch?: string;
  /** `sha1` without. */
  readonly objectFormat?: "sha1" | "sha256";
}

/** Every change names who makes it. */
export interface Change {
  readonly user: GitUser;
}

/** A change that can be bound to what a reference is now; without it, whatever that is. */
export interface ConditionalChange extends Change {
  /** The id the reference must have; zeros for "it must not exist". */
  readonly expectedOldId?: string;
}

/** A branch that is to be made. */
export interface CreateBranch extends Change {
  readonly name: string;
  /** A revision: an id, a branch, a tag. */
  readonly startPoint: string;
}

/** A branch that is to go. */
export interface DeleteBranch extends ConditionalChange {
  readonly name: string;
}

/** A file at a revision. */
export interface PathAt {
  readonly revision: string;
  readonly path: string;
}

/** A folder at a revision. */
export interface TreeAt {
  readonly revision: string;
  /** The root without. */
  readonly path?: string;
  /** Everything below, too. */
  readonly recursive?: boolean;
}

/** Files that are to be written as one commit. */
export interface CommitFiles extends ConditionalChange {
  readonly branch: string;
  readonly message: string;
  /** Overrides the author alone; `user` is the committer. */
  readonly author?: AuthorOverride;
  readonly actions: Iterable<FileAction> | AsyncIterable<FileAction>;
  /** Where a branch that does not exist yet starts. */
  readonly startBranch?: string;
}

/** Two commits, by revision; `from` may be an empty tree's id. */
export interface DiffRange {
  readonly from: string;
  readonly to: string;
  /** Only these, files or folders. */
  readonly paths?: readonly string[];
}

/** Which commits, and how many of them. */
export interface ListCommits {
  /** As `git rev-list` takes them: `main`, `^v1.0`, `v1.0..main`, `--all`. */
  readonly revisions: readonly string[];
  readonly page?: {
    /** At most so many; all without. */
    readonly limit?: number;
    /** Go on behind this commit: the id of the last one of the page before. */
    readonly after?: string;
  };
  /** Only commits that change these. */
  readonly paths?: readonly string[];
}

/** A merge that no branch sees. */
export interface MergeToRef extends ConditionalChange {
  /** The commit that is merged. */
  readonly sourceId: string;
  /** The reference that the merge is written to, by its full name. */
  readonly targetRef: string;
  /** What it is merged into: a branch or a reference by its full name. */
  readonly firstParentRef: string;
  readonly message: string;
}

/** A merge into a branch. */
export interface MergeBranch extends ConditionalChange {
  readonly branch: string;
  /** The commit that is merged. */
  readonly sourceId: string;
  readonly message: string;
  /** Sees the merge before the branch moves; `false` leaves the branch as it is and ends in a `ConflictError`. */
  readonly approve?: (commitId: string) => boolean | Promise<boolean>;
}

/** Commits that are to be replayed onto others, where no branch sees it. */
export interface RebaseToRef extends ConditionalChange {
  /** The tip of what is replayed. */
  readonly sourceId: string;
  readonly targetRef: string;
  /** What it is replayed onto. */
  readonly firstParentRef: string;
}

/** A tag that is to be made. */
export interface CreateTag extends Change {
  readonly name: string;
  /** A revision. */
  readonly target: string;
  /** Empty or left out for a lightweight tag. */
  readonly message?: string;
}

/** A tag that is to go. */
export interface DeleteTag extends ConditionalChange {
  readonly name: string;
}

/** A commit that is to be taken back on a branch. */
export interface Revert extends ConditionalChange {
  /** The commit that is taken back. */
  readonly commitId: string;
  readonly branch: string;
  /** As `git revert` words it without. */
  readonly message?: string;
  /** Where a branch that does not exist yet starts. */
  readonly startBranch?: string;
}

/** References that move together. */
export interface UpdateReferences extends Change {
  readonly updates: readonly RefUpdate[];
}
