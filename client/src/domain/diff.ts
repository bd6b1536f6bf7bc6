/** What changed in one file, with its patch. */
export interface GitDiffEntry {
  /** The path before; of a new file the path after. */
  readonly fromPath: string;
  readonly toPath: string;
  /** Blob ids; zeros where there was none, or is none any more. */
  readonly fromId: string;
  readonly toId: string;
  /** Git's modes as numbers; 0 where there was, or is, no file. */
  readonly oldMode: number;
  readonly newMode: number;
  readonly binary: boolean;
  /** Hunks, from the first `@@` on; empty for a binary file, a mode change or a rename alone. */
  readonly patch: Uint8Array;
  readonly linesAdded: number;
  readonly linesRemoved: number;
}

/** How many lines changed in one file. */
export interface GitDiffStat {
  readonly path: string;
  /** The path before, when the file was renamed. */
  readonly oldPath?: string;
  readonly additions: number;
  readonly deletions: number;
}
