import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ByteString, fromByteString } from "../domain/bytes.ts";
import type { RefName } from "../domain/reference.ts";
import { awaitQuiet, isGitAtWork, WRITES_OBJECTS } from "./git-processes.ts";

/** When this process began: an older lock of ours was left by one that is dead. */
const STARTED_AT_MS = Date.now() - performance.now();

/** Locks beside those of references. What packed-refs is replaced by goes away before the lock under which it was made. */
const COMMON_LOCKS = ["HEAD.lock", "packed-refs.new", "packed-refs.lock", "config.lock", "gc.pid"];

/**
 * Removes the lock files of these references, and those common to all, where nobody can hold them any more: made by this
 * account, before this process began (so that it is not ours), and no git process is at work in the repository. Tells whether
 * one was removed.
 */
export async function clearStaleLocks(gitDir: string, names: readonly RefName[]): Promise<boolean> {
  const base = Buffer.from(`${gitDir}/`);
  const locks = [
    ...COMMON_LOCKS.map((name) => Buffer.from(join(gitDir, name))),
    ...names.map((name) => Buffer.concat([base, fromByteString(name), Buffer.from(".lock")])),
  ];
  return removeStale(gitDir, locks);
}

/** Names of objects, packs and graphs that are being written (git's, and repack's). */
const HALF_WRITTEN = /^(tmp_|\.tmp-|commit-graph-chain\.lock$|commit-graph\.lock$|multi-pack-index\.lock$)/;

/** How long a git that was broken off may take to end, its children included. */
const ENDING_MAX_MS = 5000;
/** The kernel's stamps of files are a little behind the clock. */
const STAMP_LAG_MS = 1000;

/**
 * Removes half-written objects and packs that have come since the given moment: git removes none of what it was packing when it is broken off.
 * While another git writes there they stay, until the server starts anew or git prunes them.
 */
export async function clearHalfWritten(gitDir: string, sinceMs: number): Promise<void> {
  if (!(await awaitQuiet(gitDir, WRITES_OBJECTS, ENDING_MAX_MS))) return;
  const found: Buffer[] = [];
  await collect(Buffer.from(join(gitDir, "objects")), (name) => HALF_WRITTEN.test(name), found);
  for (const path of found) {
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && stats.mtimeMs >= sinceMs - STAMP_LAG_MS)
      await rm(path, { force: true, recursive: true });
  }
}

/** Removes all stale lock files of references, and half-written objects: what a crash may leave in a repository. */
export async function clearLeftovers(gitDir: string): Promise<boolean> {
  const found = COMMON_LOCKS.map((name) => Buffer.from(join(gitDir, name)));
  await collect(Buffer.from(join(gitDir, "refs")), (name) => name.endsWith(".lock"), found);
  await collect(Buffer.from(join(gitDir, "objects")), (name) => HALF_WRITTEN.test(name), found);
  return removeStale(gitDir, found);
}

/** Collects the paths below a directory whose last name is wanted. Names are bytes. */
async function collect(directory: Buffer, wanted: (name: ByteString) => boolean, found: Buffer[]): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true, encoding: "latin1" }).catch(() => []);
  for (const entry of entries) {
    const path = Buffer.concat([directory, Buffer.from("/"), fromByteString(entry.name)]);
    if (wanted(entry.name)) found.push(path);
    else if (entry.isDirectory()) await collect(path, wanted, found);
  }
}

async function removeStale(gitDir: string, paths: readonly Buffer[]): Promise<boolean> {
  const stale: Buffer[] = [];
  for (const path of paths) {
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && stats.uid === process.getuid?.() && stats.mtimeMs < STARTED_AT_MS) stale.push(path);
  }
  if (stale.length === 0 || (await isGitAtWork(gitDir))) return false;
  for (const path of stale) await rm(path, { force: true, recursive: true });
  return true;
}
