import { lstatSync, type Stats, statSync } from "node:fs";

/**
 * A file system tells times in steps of its clock tick (4 to 10 ms), so that a second change within the tick leaves no trace.
 * What was changed this recently is therefore never taken as known.
 */
const RACY_MS = 50;

/** What tells one state of a file or directory from another. */
export interface FileStamp {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** Stats a path, following links; undefined when nothing is there. */
export function statIfThere(path: string): Stats | undefined {
  return ifThere(() => statSync(path, { throwIfNoEntry: false }));
}

/** Stats what stands at a path itself, a link included; undefined when nothing is there. */
export function lstatIfThere(path: string): Stats | undefined {
  return ifThere(() => lstatSync(path, { throwIfNoEntry: false }));
}

function ifThere(stat: () => Stats | undefined): Stats | undefined {
  try {
    return stat();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A file stands where a directory should, or the name is longer than the system takes: nothing is there either way.
    if (code === "ENOTDIR" || code === "ENOENT" || code === "ENAMETOOLONG" || code === "ELOOP") return undefined;
    throw error;
  }
}

/** The stamp of a state that can be recognised later; undefined when it is too young for that. */
export function stampOf(stats: Stats, nowMs = Date.now()): FileStamp | undefined {
  const { dev, ino, size, mtimeMs, ctimeMs } = stats;
  return nowMs - ctimeMs < RACY_MS ? undefined : { dev, ino, size, mtimeMs, ctimeMs };
}

/** Is the file as it was when the stamp was taken? */
export function isUnchanged(stamp: FileStamp | undefined, stats: Stats): boolean {
  return (
    stamp !== undefined &&
    stamp.ctimeMs === stats.ctimeMs &&
    stamp.ino === stats.ino &&
    stamp.mtimeMs === stats.mtimeMs &&
    stamp.size === stats.size &&
    stamp.dev === stats.dev
  );
}
