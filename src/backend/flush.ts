import { closeSync, fchmodSync, fsync, openSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";

/** Paths that are flushed at once: enough for the disk to join them into few writes of its journal. */
const FLUSHES_MAX = 16;
/** What is longer is written on another thread. */
const WRITTEN_HERE_BYTES_MAX = 64 * 1024;

/** Flushes what a descriptor is open on, on another thread. */
export const flushDescriptor: (fd: number) => Promise<void> = promisify(fsync);
const writeElsewhere = promisify(write) as (
  fd: number,
  content: Uint8Array,
  offset: number,
) => Promise<{ bytesWritten: number }>;

/** Flushes a file or directory to the disk. Only the disk is waited for on another thread: each way there and back takes longer than opening a file. */
export async function flush(path: string | Buffer): Promise<void> {
  const fd = openSync(path, "r");
  try {
    await flushDescriptor(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes a file, which must not be there, and flushes it: not its folder. The mode is as it is given, whatever the umask. */
export async function writeFlushed(
  path: string | Buffer,
  content: string | Uint8Array,
  { mode = 0o600 }: { readonly mode?: number } = {},
): Promise<void> {
  const fd = openSync(path, "wx", mode);
  try {
    await writeWhole(fd, typeof content === "string" ? Buffer.from(content) : content);
    fchmodSync(fd, mode);
    await flushDescriptor(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes all of a content to a file. */
export async function writeWhole(fd: number, content: Uint8Array): Promise<void> {
  for (let at = 0; at < content.length;) {
    if (content.length <= WRITTEN_HERE_BYTES_MAX) at += writeSync(fd, content, at);
    else at += (await writeElsewhere(fd, content, at)).bytesWritten;
  }
}

/** Works on items, some at once: flushes that run together share writes of the disk's journal. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(FLUSHES_MAX, items.length) }, lane));
}
