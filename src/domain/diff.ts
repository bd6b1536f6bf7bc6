import type { FileMode, GitPath } from "./git-object.ts";
import type { Oid } from "./oid.ts";

/** How a path differs between two trees; letters as `git diff --raw` prints them. */
export type DiffStatus = "added" | "modified" | "deleted" | "type-changed" | "renamed" | "copied";

/** One changed path. The absent side of an addition or deletion has mode 0 and the zero id; both paths are then equal. */
export interface DiffEntry {
  readonly status: DiffStatus;
  readonly oldPath: GitPath;
  readonly newPath: GitPath;
  readonly oldMode: FileMode;
  readonly newMode: FileMode;
  readonly oldOid: Oid;
  readonly newOid: Oid;
  /** Similarity of a rename or copy, percent; 0 otherwise. */
  readonly score: number;
}

/** A changed path with its patch. */
export interface FilePatch extends DiffEntry {
  readonly binary: boolean;
  /** Patch text from the first `@@` on, or the line `Binary files … differ`; empty for a pure rename or mode change. */
  readonly patch: Uint8Array;
}

/** Lines added and removed in one path; 0 and 0 for a binary file. */
export interface DiffStat {
  readonly path: GitPath;
  /** The path before a rename. */
  readonly oldPath?: GitPath;
  readonly additions: number;
  readonly deletions: number;
}

/** Which white space a diff leaves out of account. */
export type WhitespaceMode = "keep" | "ignore-change" | "ignore-all";
