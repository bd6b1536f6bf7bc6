import { mkdtemp, rm } from "node:fs/promises";
import { compareByteStrings } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { formatCommit } from "../../domain/format-object.ts";
import { EMPTY_TREE, isOid, type Oid } from "../../domain/oid.ts";
import type { MergeFacet, MergeResult, QuarantinedView } from "../backend.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import { alternates } from "./git-environment.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";

/** Merges through `git merge-tree --write-tree`, which is git's own ort strategy. */
export function createMerge(runner: GitRunner, pool: CatFilePool): MergeFacet {
  const mergeTree = async (
    view: QuarantinedView,
    ours: Oid,
    theirs: Oid,
    env?: Record<string, string>,
  ): Promise<MergeResult> => {
    try {
      const run = { command: "mergeTree", operands: [ours, theirs], ...(env === undefined ? {} : { env }) } as const;
      const { exitCode, stdout } = await runner.run(view, run);
      const [tree, ...paths] = stdout.toString("latin1").split("\0");
      if (exitCode === 0) return { clean: true, tree: tree! };
      const conflictingPaths = [...new Set(paths.filter((path) => path !== ""))].sort(compareByteStrings);
      return { clean: false, conflictingPaths };
    } catch (error) {
      const [, name] = /^merge-tree: ([0-9a-f]+) - not something we can merge/m.exec(stderrOf(error) ?? "") ?? [];
      throw name === undefined ? error : new OperationError("object_not_found", { oid: name }, { cause: error });
    }
  };

  const treeOf = async (view: QuarantinedView, treeish: Oid): Promise<Oid> => {
    const info = isOid(treeish, view.objectFormat)
      ? await pool.use(view, (process) => process.info(`${treeish}^{tree}`))
      : undefined;
    if (info === undefined) throw new OperationError("object_not_found", { oid: treeish });
    return info.oid;
  };

  return {
    /**
     * Before 2.45 the command takes no trees and before 2.40 no base. So it merges two commits made for the purpose, on a common
     * parent that holds the base's tree; they live in a directory of their own and are gone afterwards.
     */
    async mergeTrees(view: QuarantinedView, base: Oid | undefined, ours: Oid, theirs: Oid) {
      const trees = [
        await treeOf(view, base ?? EMPTY_TREE[view.objectFormat]),
        await treeOf(view, ours),
        await treeOf(view, theirs),
      ];
      const quarantineDir = view.quarantineDir;
      const scratchDir = await mkdtemp(`${quarantineDir}/scratch-`);
      try {
        const env = { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates([`${view.gitDir}/objects`, quarantineDir]) };
        const commit = async (treeOid: Oid, parentOids: readonly Oid[]): Promise<Oid> => {
          const stdin = formatCommit({
            treeOid,
            parentOids,
            author: NO_ONE,
            committer: NO_ONE,
            message: new Uint8Array(),
          });
          const { stdout } = await runner.run(view, {
            command: "hashObject",
            flags: ["-t", "commit"],
            stdin,
            env: { ...env, GIT_OBJECT_DIRECTORY: scratchDir },
          });
          return stdout.toString("latin1").trimEnd();
        };
        const parent = await commit(trees[0]!, []);
        const [left, right] = await Promise.all([commit(trees[1]!, [parent]), commit(trees[2]!, [parent])]);
        return await mergeTree(view, left, right, {
          GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates([`${view.gitDir}/objects`, scratchDir]),
        });
      } finally {
        await rm(scratchDir, { recursive: true, force: true });
      }
    },

    async mergeCommits(view: QuarantinedView, ours: Oid, theirs: Oid) {
      for (const oid of [ours, theirs]) {
        const info = isOid(oid, view.objectFormat)
          ? await pool.use(view, (process) => process.info(`${oid}^{commit}`))
          : undefined;
        if (info === undefined) throw new OperationError("object_not_found", { oid });
      }
      return await mergeTree(view, ours, theirs);
    },
  };
}

const NO_ONE = Buffer.from("Holdfast <holdfast@localhost> 0 +0000");
