import { type BigIntStats, renameSync, statSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { flush } from "../migrate-quarantine.ts";
import { stampOf } from "./recent-indexes.ts";

/**
 * Puts another index in the place of one, durably, under the lock that keeps plain git out as it keeps us out. Answers what stat says of it; undefined, and nothing has
 * happened, where somebody holds the lock, or the index is not the one of this stamp any more.
 */
export async function replaceIndex(gitDir: string, stamp: string, bytes: Buffer): Promise<BigIntStats | undefined> {
  const place = join(gitDir, "index");
  const lock = `${place}.lock`;
  let handle: FileHandle;
  try {
    handle = await open(lock, "wx", 0o644);
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return undefined;
    throw error;
  }
  let isReplaced = false;
  try {
    let own: BigIntStats;
    try {
      const before = statSync(place, { bigint: true, throwIfNoEntry: false });
      if (before === undefined || stampOf(before) !== stamp) return undefined;
      // Not on this thread: it is megabytes, and nobody else shall wait for the disk.
      await handle.writeFile(bytes);
      await handle.sync();
      own = await handle.stat({ bigint: true });
    } finally {
      await handle.close();
    }
    renameSync(lock, place);
    isReplaced = true;
    const standing = statSync(place, { bigint: true });
    await flush(gitDir);
    // Plain git may have put the next one there: then this says so, since nothing stands there that it tells of.
    return standing.ino === own.ino ? standing : own;
  } finally {
    if (!isReplaced) await rm(lock, { force: true });
  }
}
