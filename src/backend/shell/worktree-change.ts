import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ByteString, compareByteStrings, fromByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { flush } from "../flush.ts";
import type { WorktreeView } from "../worktree-facet.ts";
import { isBehindLink } from "./worktree-place.ts";
import { type GitResult, type GitRun, type GitRunner, stderrOf } from "./run-git.ts";

const LOCKED = /Unable to create '([^]*?)\.lock': File exists/;

/**
 * Runs a command that changes the index or references. A git that was killed leaves its locks behind, and what is under them as it was. Whoever calls holds the
 * session's lock, so that it is nobody else's; but for a lock that was there before: somebody works there with plain git. Throws `index_locked` and
 * `references_locked` then.
 */
export async function change(runner: GitRunner, view: WorktreeView, run: GitRun): Promise<GitResult> {
  try {
    const result = await runner.run(view, run);
    const [, file] = (result.exitCode === 0 ? undefined : LOCKED.exec(result.stderr)) ?? [];
    if (file !== undefined) throw lockedError(view, file);
    // Git flushes the index, not that it has another name now.
    await flush(view.gitDir);
    return result;
  } catch (error) {
    const [, file] = LOCKED.exec(stderrOf(error) ?? "") ?? [];
    if (file !== undefined) throw lockedError(view, file, error);
    if (!(error instanceof OperationError && isLocked(error))) await removeLocks(view);
    throw error;
  }
}

/**
 * Looks before the first of several steps whether plain git holds a lock that would stop one of them: all of it shall happen, or nothing. Throws `index_locked` and
 * `references_locked`.
 */
export async function refuseLocked(view: WorktreeView): Promise<void> {
  for (const name of await lockable(view))
    if (existsSync(lockOf(view, name))) throw lockedError(view, `${view.gitDir}/${name}`);
}

const isLocked = ({ reason }: OperationError): boolean => reason === "index_locked" || reason === "references_locked";

/** Git tells a path, from the git directory or from the root. */
function lockedError({ gitDir }: WorktreeView, file: string, cause?: unknown): OperationError {
  const name = file
    .replace(`${gitDir}/`, "")
    .replace(/^\.\//, "")
    .replace(/^logs\//, "");
  if (name === "index") return new OperationError("index_locked", {}, { cause });
  return new OperationError("references_locked", { references: [name] }, { cause });
}

async function removeLocks(view: WorktreeView): Promise<void> {
  for (const name of await lockable(view)) await rm(lockOf(view, name), { force: true });
}

/** What commands of a worktree lock; names of references are byte strings. */
async function lockable({ gitDir }: WorktreeView): Promise<ByteString[]> {
  const [, branch] = /^ref: (refs\/.+)$/m.exec(await readFile(join(gitDir, "HEAD"), "latin1")) ?? [];
  const head = branch === undefined ? [] : [branch];
  return ["index", "HEAD", "ORIG_HEAD", "refs/stash", "logs/refs/stash", ...head];
}

const lockOf = ({ gitDir }: WorktreeView, name: ByteString): Buffer =>
  Buffer.concat([Buffer.from(`${gitDir}/`), fromByteString(`${name}.lock`)]);

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
