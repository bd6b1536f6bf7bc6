import type { Stats } from "node:fs";
import { type FileMode, MODE_BLOB, MODE_EXECUTABLE, MODE_SYMLINK } from "../domain/git-object.ts";

/** The mode that git gives a file of the disk. */
export function modeOf(stats: Stats): FileMode {
  if (stats.isSymbolicLink()) return MODE_SYMLINK;
  return (stats.mode & 0o100) === 0 ? MODE_BLOB : MODE_EXECUTABLE;
}
