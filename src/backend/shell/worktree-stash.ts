import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fromByteString, toByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { formatCommit } from "../../domain/format-object.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { writeLooseObject } from "../loose-object.ts";
import { flush } from "../flush.ts";
import type {
  IdentLine,
  StashApplied,
  StashEntry,
  StashOptions,
  StatusEntry,
  WorktreeFacet,
  WorktreeView,
} from "../worktree-facet.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import { DISK_FULL, type GitResult, type GitRunner } from "./run-git.ts";
import { change, recordsOf, refuseLocked, updateIndex } from "./worktree-change.ts";
import { flushFiles, foldersAbove, lookAt, removeFiles, standingInPlace } from "./worktree-place.ts";

type StashMethods = Pick<WorktreeFacet, "stashSave" | "stashList" | "stashApply" | "stashDrop">;

const STASH = "refs/stash";

/** Stashes as git has them (git-stash(1)): commits that the reflog of `refs/stash` lists. */
export function createStash(
  runner: GitRunner,
  pool: CatFilePool,
  { status, writeTree }: Pick<WorktreeFacet, "status" | "writeTree">,
): StashMethods {
  return {
    stashList,

    async stashSave(view: WorktreeView, { message, includeUntracked, committer }: StashOptions) {
      await refuseLocked(view);
      const changed: StatusEntry[] = [];
      for await (const batch of status(view, { untracked: "files" })) changed.push(...batch);
      const unmerged = changed.filter(({ index }) => index === "unmerged").map(({ path }) => path);
      if (unmerged.length > 0) throw new OperationError("index_unmerged", { paths: unmerged });
      const { known, inTheWay, unknown } = divide(changed);
      const alone = includeUntracked ? unknown : [];
      const replaced = new Set(changed.filter(({ index }) => index === "deleted").map(({ path }) => path));
      if (known.length === 0 && alone.length === 0) return undefined;
      const head = await headOf(view);
      const commit = (treeOid: Oid, parentOids: readonly Oid[], text: Uint8Array) =>
        // On disk before anything is taken out of the worktree.
        writeLooseObject(
          `${view.gitDir}/objects`,
          view.objectFormat,
          "commit",
          formatCommit({ treeOid, parentOids, author: committer, committer, message: withNewline(text) }),
          { durable: true },
        );
      const described = Buffer.concat([Buffer.from(`${head.branch}: `, "latin1"), head.summary]);
      const index = await commit(await writeTree(view), [head.oid], labelled("index on ", described));
      // What is staged as deleted may have made way for a folder, which cannot be taken as a file.
      const files = known.filter((path) => !replaced.has(path) || lookAt(view, path)?.isDirectory() !== true);
      const tree = await treeWith(view, join(view.gitDir, "index"), [...files, ...inTheWay]);
      const untracked =
        alone.length === 0
          ? []
          : [await commit(await treeWith(view, undefined, alone), [], labelled("untracked files on ", described))];
      const title = message === undefined ? labelled("WIP on ", described) : labelled(`On ${head.branch}: `, message);
      const oid = await commit(tree, [head.oid, index, ...untracked], title);
      await change(runner, view, { command: "stashStore", flags: ["-m", toByteString(title)], operands: [STASH, oid] });
      // Git flushes references, not their logs, which list the stashes.
      for (const place of [join(view.gitDir, "logs", STASH), join(view.gitDir, "logs/refs")]) await flush(place);
      // From here on it is put away: what follows may be cut off, and nothing is lost.
      removeFiles(view, [...inTheWay, ...alone]);
      await change(runner, view, { command: "resetTo", flags: ["--hard"], operands: ["HEAD"] });
      await flushFiles(view, [...known, ...inTheWay, ...alone]);
      return { position: 0, oid, message: title, seconds: secondsOf(committer) };
    },

    async stashApply(view: WorktreeView, oid: Oid, { index }: { readonly index: boolean }): Promise<StashApplied> {
      await refuseLocked(view);
      await positionOf(view, oid);
      const before = await unmergedPaths(view);
      if (before.length > 0) throw new OperationError("index_unmerged", { paths: before });
      const untracked = await untrackedOf(view, oid);
      const inTheWay = [
        ...untracked.filter((path) => isTaken(view, path)),
        ...(await overwrittenBy(runner, view, status, oid)),
      ];
      if (inTheWay.length > 0) throw new OperationError("worktree_dirty", { paths: [...new Set(inTheWay)] });
      const changed = recordsOf(await runner.run(view, { command: "changedNames", operands: [`${oid}^1`, oid] }));
      const flags = index ? ["--index"] : [];
      const result = await change(runner, view, { command: "stashApply", flags, operands: [oid] });
      const conflictingPaths = await unmergedPaths(view);
      if (result.exitCode !== 0 && conflictingPaths.length === 0) {
        // Git restores what it did not know even where it has refused the rest; none of it was there before.
        removeFiles(view, untracked);
        throw refusalOf(result);
      }
      await flushFiles(view, [...changed, ...untracked, ...conflictingPaths]);
      return { conflictingPaths };
    },

    async stashDrop(view: WorktreeView, oid: Oid) {
      const position = await positionOf(view, oid);
      await change(runner, view, { command: "stashDrop", operands: [`stash@{${position}}`] });
    },
  };

  async function positionOf(view: WorktreeView, oid: Oid): Promise<number> {
    const found = (await stashList(view)).find((entry) => entry.oid === oid);
    if (found === undefined) throw new OperationError("stash_not_found", { stash: oid });
    return found.position;
  }

  /** Where HEAD is, and how stashes call it. Throws `revision_not_found` while there is no commit. */
  async function headOf(view: WorktreeView) {
    const [commit] = await pool.use(view, (process) => process.contentsOfMany(["HEAD"], runner.limits.objectBytesMax));
    if (commit === undefined) throw new OperationError("revision_not_found", { revision: "HEAD" });
    const text = toByteString(commit.content);
    const subject = text.slice(text.indexOf("\n\n") + 2).split("\n", 1)[0]!;
    const target = (await readFile(join(view.gitDir, "HEAD"), "latin1")).trim();
    const branch = target.startsWith(`ref: ${REFS_HEADS}`) ? target.slice(`ref: ${REFS_HEADS}`.length) : "(no branch)";
    return { oid: commit.oid, branch, summary: fromByteString(`${commit.oid.slice(0, 7)} ${subject}`) };
  }

  /** The tree of an index with these files as the worktree has them; of nothing but them without an index. */
  async function treeWith(view: WorktreeView, index: string | undefined, paths: readonly GitPath[]): Promise<Oid> {
    const temporary = join(view.gitDir, `stash-index-${randomBytes(6).toString("hex")}`);
    const env = { GIT_INDEX_FILE: temporary };
    try {
      if (index !== undefined) await copyFile(index, temporary);
      await updateIndex(runner, view, paths, temporary);
      return (await runner.run(view, { command: "writeTree", env })).stdout.toString("latin1").trim();
    } finally {
      for (const file of [temporary, `${temporary}.lock`]) await rm(file, { force: true });
    }
  }

  async function unmergedPaths(view: WorktreeView): Promise<GitPath[]> {
    const records = recordsOf(await runner.run(view, { command: "listUnmerged" }));
    return [...new Set(records.map((record) => record.slice(record.indexOf("\t") + 1)))];
  }

  /** Files that a stash has of what Git did not know. */
  async function untrackedOf(view: WorktreeView, oid: Oid): Promise<GitPath[]> {
    const [third] = await pool.use(view, (process) => process.infoOfMany([`${oid}^3`]));
    if (third === undefined) return [];
    return recordsOf(await runner.run(view, { command: "listTreeNames", operands: [third.oid] }));
  }
}

/** Reads them from the reflog, whose last line is the newest. */
async function stashList(view: WorktreeView): Promise<StashEntry[]> {
  let log: Buffer;
  try {
    log = await readFile(join(view.gitDir, "logs", STASH));
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
  const lines = log.toString("latin1").split("\n").filter(Boolean).reverse();
  return lines.map((line, position) => {
    const [facts = "", message = ""] = line.split(/\t(.*)/s, 2);
    const [, oid = ""] = facts.split(" ", 2);
    return { position, oid, message: fromByteString(message), seconds: secondsOf(fromByteString(facts)) };
  });
}

/**
 * What belongs to the tracked files, and what does not: a file that Git does not know, in the place of one that it does, would have to make way when
 * the worktree is set back, so that it is put away with them.
 */
function divide(changed: readonly StatusEntry[]): Record<"known" | "inTheWay" | "unknown", GitPath[]> {
  const known = [...new Set(changed.filter(({ worktree }) => worktree !== "untracked").map(({ path }) => path))];
  const places = new Set(known);
  const above = new Set(known.flatMap(foldersAbove));
  const [inTheWay, unknown]: [GitPath[], GitPath[]] = [[], []];
  for (const { path, worktree } of changed) {
    if (worktree !== "untracked" || places.has(path)) continue;
    const stands = above.has(path) || foldersAbove(path).some((folder) => places.has(folder));
    (stands ? inTheWay : unknown).push(path);
  }
  return { known, inTheWay, unknown };
}

/** Is there something where a file should be restored, or a file where one of its folders should be? */
function isTaken(view: WorktreeView, path: GitPath): boolean {
  if (lookAt(view, path) !== undefined) return true;
  return foldersAbove(path).some((folder) => lookAt(view, folder)?.isDirectory() === false);
}

/** Files that Git does not know, in the place of what a stash changes: in a sparse checkout git would write over them (unpack-trees.c). */
async function overwrittenBy(
  runner: GitRunner,
  view: WorktreeView,
  status: WorktreeFacet["status"],
  oid: Oid,
): Promise<GitPath[]> {
  if (!existsSync(join(view.gitDir, "info/sparse-checkout"))) return [];
  const unknown: GitPath[] = [];
  for await (const batch of status(view, { untracked: "files" }))
    for (const { path, worktree } of batch) if (worktree === "untracked") unknown.push(path);
  if (unknown.length === 0) return [];
  const run = { command: "changedNames", flags: ["--diff-filter=d"], operands: [`${oid}^1`, oid] } as const;
  return standingInPlace(unknown, recordsOf(await runner.run(view, run)));
}

/** What git says when local changes are in the way (unpack-trees.c, stash.c). */
function refusalOf({ exitCode, stderr }: GitResult): OperationError {
  const context = { context: { stderr, exitCode } };
  if (DISK_FULL.test(stderr) || stderr.includes("unable to write file "))
    return new OperationError("disk_full", {}, context);
  if (
    /would be overwritten by merge|would be removed by merge|would lose untracked files|Conflicts in index/.test(stderr)
  ) {
    const paths = [...stderr.matchAll(/^\t(.*)$/gm)].map(([, path]) => path!);
    return new OperationError("worktree_dirty", { paths: [...new Set(paths)].sort() }, context);
  }
  return new OperationError("git_failed", { command: "stash", exitCode }, context);
}

const labelled = (label: string, text: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(label, "latin1"), text]);
const withNewline = (text: Uint8Array): Uint8Array => Buffer.concat([text, Buffer.from("\n")]);
const secondsOf = (line: IdentLine): number => Number(/> (\d+)/.exec(toByteString(line))?.[1] ?? 0);
