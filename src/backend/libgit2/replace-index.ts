import { type BigIntStats, closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { flush, flushDescriptor, writeWhole } from "../flush.ts";
import { stampOf } from "./recent-indexes.ts";

/** What an index is: all but its end, and that, which is a hash of the rest. */
export interface IndexBytes {
  readonly unhashed: Buffer;
  readonly hash: () => Buffer;
}

/**
 * Puts another index in the place of one, durably, under the lock that keeps plain git out as it keeps us out. `beforeIt` is done meanwhile, and has ended before the index
 * is in its place. Answers what stat says of it; undefined, and nothing has happened, where somebody holds the lock, or the index is not the one of this stamp any more.
 */
export async function replaceIndex(
  gitDir: string,
  stamp: string,
  content: IndexBytes,
  beforeIt: () => Promise<void>,
): Promise<BigIntStats | undefined> {
  const place = join(gitDir, "index");
  const lock = `${place}.lock`;
  let fd: number;
  try {
    fd = openSync(lock, "wx", 0o644);
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
      // All of it ends before the lock is given back.
      const [other, written] = await Promise.allSettled([beforeIt(), writeDurably(fd, content)]);
      if (other.status === "rejected") throw other.reason;
      if (written.status === "rejected") throw written.reason;
      own = fstatSync(fd, { bigint: true });
    } finally {
      closeSync(fd);
    }
    // The one that goes is megabytes, too.
    await rename(lock, place);
    isReplaced = true;
    const standing = statSync(place, { bigint: true });
    await flush(gitDir);
    // Plain git may have put the next one there: then this says so, since nothing stands there that it tells of.
    return standing.ino === own.ino ? standing : own;
  } finally {
    if (!isReplaced) rmSync(lock, { force: true });
  }
}

async function writeDurably(fd: number, { unhashed, hash }: IndexBytes): Promise<void> {
  const writing = writeWhole(fd, unhashed);
  // Here, while that is written elsewhere.
  const end = hash();
  await writing;
  await writeWhole(fd, end);
  await flushDescriptor(fd);
}
