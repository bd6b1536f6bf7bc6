import type { FilePatch, WhitespaceMode } from "../domain/diff.ts";
import type { GitPath, ObjectType, TreeEntry } from "../domain/git-object.ts";
import type { Oid } from "../domain/oid.ts";
import type { RepositoryView } from "./backend.ts";

/**
 * A worktree with an index of its own. `gitDir` is the session's git directory, not the repository's: HEAD, index, config, stash and
 * new objects stand there, the repository's objects are seen through `objects/info/alternates`. Every other facet takes it too.
 */
export interface WorktreeView extends RepositoryView {
  /** Absolute path of the files. */
  readonly workTree: string;
}

/** How a path differs on one side; letters as `git status --porcelain=v2` prints them. `unmerged` is on both sides. */
export type WorktreeChange =
  | "unmodified"
  | "modified"
  | "added"
  | "deleted"
  | "type-changed"
  | "unmerged"
  | "untracked"
  | "ignored";

/** A path that is not the same in HEAD, index and worktree. Renames are told as a deletion and an addition. */
export interface StatusEntry {
  readonly path: GitPath;
  /** The index against HEAD. */
  readonly index: WorktreeChange;
  /** The worktree against the index. */
  readonly worktree: WorktreeChange;
}

export interface StatusOptions {
  /** Taken literally, files and folders; all when absent. */
  readonly paths?: readonly GitPath[];
  /** Whether files that Git does not know are told: each of them, or folders of nothing else as one path with a slash at its end. */
  readonly untracked: "none" | "folders" | "files";
}

/** An entry of the index, of stage 0. */
export interface IndexEntry extends TreeEntry {
  /** Is the file left out of the worktree (skip-worktree)? */
  readonly isLeftOut: boolean;
}

/** How differences are told. */
export interface WorktreeDiffSpec {
  /** Taken literally, files and folders; all when absent. */
  readonly paths?: readonly GitPath[];
  /** Least similarity that makes a rename, percent; absent: no rename detection. */
  readonly renameThreshold?: number;
  readonly whitespace?: WhitespaceMode;
  /** Lines round a change; 3 when absent. */
  readonly contextLines?: number;
}

/** Name and mail address for commits that a stash is made of, as a line of a commit has them: `Name <mail> seconds +0000`. */
export type IdentLine = Uint8Array;

export interface StashOptions {
  /** Without a line feed; git's own words (`WIP on …`) when absent. */
  readonly message?: Uint8Array;
  readonly includeUntracked: boolean;
  readonly committer: IdentLine;
}

/** One stash, newest first; `position` is N of `stash@{N}`. */
export interface StashEntry {
  readonly position: number;
  readonly oid: Oid;
  readonly message: Uint8Array;
  /** When it was made, seconds since 1970. */
  readonly seconds: number;
}

/** Paths that conflict, sorted, each once; empty: applied cleanly. */
export interface StashApplied {
  readonly conflictingPaths: readonly GitPath[];
}

/**
 * The index and the files of a worktree. Callers hold the session's lock: exclusively for what changes something. Each call leaves the index whole
 * and flushed, or as it was; no `index.lock` stays behind. Nothing here follows a symbolic link of the worktree, runs a hook or a filter
 * program, or reads configuration from outside of the git directory.
 */
export interface WorktreeFacet {
  /**
   * Fills index and worktree of a new session with a commit (nothing while the branch is unborn). `full`: all files. `lazy`: none; the entries have the
   * skip-worktree bit, and what stands in the worktree nevertheless counts as git's sparse checkouts count it (git-sparse-checkout(1)).
   */
  checkout(view: WorktreeView, commit: Oid | undefined, how: "full" | "lazy"): Promise<void>;
  /** Brings what was written into the worktree to the disk, all of it. */
  flush(view: WorktreeView): Promise<void>;
  /**
   * Makes files of the index again that a power cut has taken from a checkout that had not been flushed: such as are missing, and such as nobody has changed
   * since a moment (milliseconds since 1970) and are not what the index says. Answers which; they are not flushed.
   */
  restoreLost(view: WorktreeView, unchangedSinceMs: number): Promise<readonly GitPath[]>;
  /** What differs, sorted by path, in batches. */
  status(view: WorktreeView, options: StatusOptions): AsyncIterable<StatusEntry[]>;
  /** The index' entry at a path (of stage 0); undefined when there is none. */
  readFromIndex(view: WorktreeView, path: GitPath): Promise<IndexEntry | undefined>;
  /** Entries of the index of stage 0 at and below a path ("" is all), sorted, in batches. */
  listIndex(view: WorktreeView, path: GitPath): AsyncIterable<IndexEntry[]>;
  /**
   * Lets entries of a lazy worktree be seen as files that are there or deleted, no longer as left out: clears the skip-worktree bits of
   * these files. Nothing is written to the worktree.
   */
  include(view: WorktreeView, paths: readonly GitPath[]): Promise<void>;
  /** Writes an object into the session's objects; it is flushed when the repository gets it. */
  writeObject(view: WorktreeView, type: ObjectType, content: Uint8Array): Promise<Oid>;
  /** Writes the index as a tree into the session's objects. Throws `index_unmerged`. */
  writeTree(view: WorktreeView): Promise<Oid>;
  /**
   * Takes what the worktree has at these paths (files and folders, literally) into the index, deletions included; everything when absent.
   * Ignored files only where named themselves. Throws `path_not_found` for what neither has.
   */
  stage(view: WorktreeView, paths?: readonly GitPath[]): Promise<void>;
  /** Takes all that the worktree has into the index, ignored files as well. */
  stageWithIgnored(view: WorktreeView): Promise<void>;
  /** Sets the index at these paths back to HEAD; everything when absent. Throws `path_not_found`. */
  unstage(view: WorktreeView, paths?: readonly GitPath[]): Promise<void>;
  /** Applies a patch: to the index alone, to the files alone, or to both. All or nothing. Throws `patch_not_applicable`. */
  applyPatch(
    view: WorktreeView,
    patch: Uint8Array,
    options: { readonly to: "index" | "worktree" | "both"; readonly reverse?: boolean },
  ): Promise<void>;
  /**
   * Sets the files at these paths (everything when absent) back to what the index has; with `untracked` files that the index does not
   * have are removed, ignored ones only where named themselves.
   */
  discard(
    view: WorktreeView,
    paths: readonly GitPath[] | undefined,
    options: { readonly untracked: boolean },
  ): Promise<void>;
  /** HEAD (or the empty tree) against the index. */
  diffIndex(view: WorktreeView, spec: WorktreeDiffSpec): AsyncIterable<FilePatch>;
  /** The index against the files; what Git does not know is left out. New ids of changed files are computed, nothing is written. */
  diffWorktree(view: WorktreeView, spec: WorktreeDiffSpec): AsyncIterable<FilePatch>;
  /** Moves HEAD's branch to a commit; `mixed` sets the index too, `hard` index and files. Throws `not_a_commit`. */
  reset(view: WorktreeView, commit: Oid, mode: "soft" | "mixed" | "hard"): Promise<void>;
  /** Puts all changes away; undefined when there are none. */
  stashSave(view: WorktreeView, options: StashOptions): Promise<StashEntry | undefined>;
  stashList(view: WorktreeView): Promise<StashEntry[]>;
  /** Applies a stash, which stays. With `index` what was staged is staged again. Throws `stash_not_found`, `worktree_dirty`. */
  stashApply(view: WorktreeView, oid: Oid, options: { readonly index: boolean }): Promise<StashApplied>;
  /** Forgets a stash. Throws `stash_not_found`. */
  stashDrop(view: WorktreeView, oid: Oid): Promise<void>;
}
