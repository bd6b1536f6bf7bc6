import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ByteString, compareByteStrings, fromByteString } from "../../domain/bytes.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { WorktreeView } from "../worktree-facet.ts";
import { isBehindLink } from "./worktree-place.ts";
import { type GitResult, type GitRun, type GitRunner, stderrOf } from "./run-git.ts";

/**
 * Runs a command that changes the index or references. A git that was killed leaves its locks behind, and what is under them as it was. Whoever calls holds the
 * session's lock, so that it is nobody else's; but for a lock that was there before: somebody works there with plain git.
 */
export async function change(runner: GitRunner, view: WorktreeView, run: GitRun): Promise<GitResult> {
  try {
    return await runner.run(view, run);
  } catch (error) {
    if (!/\.lock': File exists/.test(stderrOf(error) ?? "")) await removeLocks(view);
    throw error;
  }
}

async function removeLocks({ gitDir }: WorktreeView): Promise<void> {
  const [, branch] = /^ref: (refs\/.+)$/m.exec(await readFile(join(gitDir, "HEAD"), "latin1")) ?? [];
  const locked = [
    "index",
    "HEAD",
    "ORIG_HEAD",
    "refs/stash",
    "logs/refs/stash",
    ...(branch === undefined ? [] : [branch]),
  ];
  for (const name of locked)
    await rm(Buffer.concat([Buffer.from(`${gitDir}/`), fromByteString(`${name}.lock`)]), { force: true });
}

/** Takes files of the worktree into the index, or into another one; such as are not there are taken out of it. */
export async function updateIndex(
  runner: GitRunner,
  view: WorktreeView,
  paths: Iterable<GitPath>,
  index?: string,
): Promise<void> {
  // A file goes before what is below it: it may have become a folder.
  const sorted = [...paths].sort(compareByteStrings);
  const behind = new Set(sorted.filter((path) => isBehindLink(view, path)));
  // Git reads the index where it is started, and looks there for files of a sparse checkout that are there nevertheless.
  const env = { GIT_DIR: view.gitDir, ...(index === undefined ? {} : { GIT_INDEX_FILE: index }) };
  const run = { env, cwd: view.workTree };
  if (behind.size > 0) await change(runner, view, { command: "forgetFiles", stdin: nullEnded(behind), ...run });
  const stdin = nullEnded(sorted.filter((path) => !behind.has(path)));
  await change(runner, view, { command: "updateIndex", stdin, ...run });
}

/** Names as `-z --stdin` takes them. */
export const nullEnded = (paths: Iterable<GitPath>): Uint8Array =>
  fromByteString([...paths].map((path) => `${path}\0`).join(""));

/** Records of an output that is whole. */
export const recordsOf = ({ stdout }: GitResult): ByteString[] => stdout.toString("latin1").split("\0").slice(0, -1);
