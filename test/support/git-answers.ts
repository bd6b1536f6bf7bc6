import { rm } from "node:fs/promises";
import type { DiffEntry, DiffStat, FilePatch } from "../../src/domain/diff.ts";
import type { TemporaryRepository } from "./temporary-repository.ts";

/** Two trees, as `git diff-tree --stdin` takes them. */
export type TreePair = readonly [left: string, right: string];

/** What git's service-wide settings are; the same for every backend. */
const SETTINGS = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "core.bigFileThreshold", GIT_CONFIG_VALUE_0: "50m" };

/** Runs `git diff-tree` over all pairs at once; answers its output pair by pair. */
export async function diffTrees(
  repository: TemporaryRepository,
  pairs: readonly TreePair[],
  flags: readonly string[],
): Promise<string[]> {
  const heads = pairs.map((pair) => `${pair.join(" ")}\n`);
  const output = await repository.git(["diff-tree", "--stdin", "-r", "--full-index", ...flags], {
    input: heads.join(""),
    env: SETTINGS,
  });
  const text = output.toString("latin1");
  const answers: string[] = [];
  let at = 0;
  for (const [index, head] of heads.entries()) {
    if (!text.startsWith(head, at)) throw new Error(`git did not answer pair ${index}`);
    const next = index + 1 < heads.length ? startOf(text, heads[index + 1]!, at + head.length) : text.length;
    // An empty line stands between raw records and patches.
    answers.push(text.slice(at + head.length, next).replace(/^\n/, ""));
    at = next;
  }
  return answers;
}

/** Where the line begins; ids and a newline cannot be part of a patch line, which begins with a sign. */
function startOf(text: string, head: string, from: number): number {
  for (let at = text.indexOf(head, from); at >= 0; at = text.indexOf(head, at + 1)) {
    if (at === from || text[at - 1] === "\n" || text[at - 1] === "\0") return at;
  }
  throw new Error(`git did not answer ${head}`);
}

const LETTERS = { added: "A", modified: "M", deleted: "D", "type-changed": "T", renamed: "R", copied: "C" } as const;

function octal(mode: number): string {
  return mode.toString(8).padStart(6, "0");
}

/** Prints entries as `git diff-tree --raw -z`. */
export function printRaw(entries: readonly DiffEntry[]): string {
  return entries
    .map(({ status, oldMode, newMode, oldOid, newOid, oldPath, newPath, score }) => {
      const moved = status === "renamed" || status === "copied";
      const letter = LETTERS[status] + (moved ? String(score).padStart(3, "0") : "");
      const paths = moved ? `${oldPath}\0${newPath}` : newPath;
      return `:${octal(oldMode)} ${octal(newMode)} ${oldOid} ${newOid} ${letter}\0${paths}\0`;
    })
    .join("");
}

/** The patches of all files one after the other. */
export function printPatches(patches: readonly FilePatch[]): string {
  return patches.map(({ patch }) => Buffer.from(patch).toString("latin1")).join("");
}

/** Takes the header lines out of `git diff-tree -p`: what is left of each file begins at its first hunk. */
export function withoutHeaders(text: string): string {
  return text
    .split(/^(?=diff --git )/m)
    .map((section) => section.slice(Math.max(section.search(/^@@ |^Binary files /m), 0)))
    .filter((section) => !section.startsWith("diff --git "))
    .join("");
}

/** Prints line counts as `git diff-tree --numstat -z`, with zeros for binary files. */
export function printStats(stats: readonly DiffStat[]): string {
  return stats
    .map(({ path, oldPath, additions, deletions }) => {
      const paths = oldPath === undefined ? path : `\0${oldPath}\0${path}`;
      return `${additions}\t${deletions}\t${paths}\0`;
    })
    .join("");
}

/** Puts zeros where git prints `-` for binary files. */
export function withZeros(numstat: string): string {
  return numstat.replace(/(^|\0)-\t-\t/g, (_, before: string) => `${before}0\t0\t`);
}

/** Takes the ids of commits and trees out, and makes a record for each parent of those that name all. */
export function splitCombined(text: string): string {
  const fields = text.replaceAll(/^[0-9a-f]{40} [0-9a-f]{40}\n/gm, "").split("\0");
  const records: string[] = [];
  for (let at = 0; at < fields.length; at++) {
    const record = fields[at]!.replace(/^(?:[0-9a-f]{40} [0-9a-f]{40}\n)+/, "");
    if (!record.startsWith(":")) continue;
    const path = fields[++at]!;
    const parents = /^:+/.exec(record)![0].length;
    if (parents === 1) {
      records.push(`${record}\0${path}\0`);
      continue;
    }
    const parts = record.slice(parents).split(" ");
    for (let parent = 0; parent < parents; parent++) {
      const [oldMode, newMode] = [parts[parent], parts[parents]];
      const [oldOid, newOid] = [parts[parents + 1 + parent], parts[2 * parents + 1]];
      records.push(`:${oldMode} ${newMode} ${oldOid} ${newOid} ${parts[2 * parents + 2]![parent]}\0${path}\0`);
    }
  }
  return records.join("");
}

/** Git's answer to a merge: the tree, `conflict`, or `none` where git itself fails. */
export type MergeAnswer = string;

/**
 * Merges all pairs of commits with `git merge-tree`, which writes into a directory of its own. git 2.39 aborts over some merges; those
 * have the answer `none`.
 */
export async function mergeAll(repository: TemporaryRepository, pairs: readonly TreePair[]): Promise<MergeAnswer[]> {
  const scratch = `${repository.path}/scratch-objects`;
  const env = { GIT_OBJECT_DIRECTORY: scratch, GIT_ALTERNATE_OBJECT_DIRECTORIES: `${repository.path}/objects` };
  const flags = ["--stdin", "-z", "--name-only", "--no-messages", "--allow-unrelated-histories"];
  const merge = async (some: readonly TreePair[]): Promise<MergeAnswer[]> => {
    const input = some.map((pair) => `${pair.join(" ")}\n`).join("");
    const output = await repository
      .git(["merge-tree", "--write-tree", ...flags], { input, env })
      .catch(() => undefined);
    if (output !== undefined) return parseMerges(output.toString("latin1"), some.length);
    if (some.length === 1) return ["none"];
    const middle = some.length >> 1;
    return [...(await merge(some.slice(0, middle))), ...(await merge(some.slice(middle)))];
  };
  await repository.git(["init", "--quiet", "--bare", scratch]);
  try {
    return await merge(pairs);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function parseMerges(text: string, count: number): MergeAnswer[] {
  const fields = text.split("\0");
  let at = 0;
  return Array.from({ length: count }, () => {
    const clean = fields[at++] === "1";
    const tree = fields[at++]!;
    // Paths in conflict, up to an empty one.
    while (fields[at++] !== "");
    return clean ? tree : "conflict";
  });
}
