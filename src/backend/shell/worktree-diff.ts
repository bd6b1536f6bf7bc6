import type { ByteString } from "../../domain/bytes.ts";
import type { FilePatch } from "../../domain/diff.ts";
import { EMPTY_TREE, isZeroOid } from "../../domain/oid.ts";
import type { WorktreeDiffSpec, WorktreeFacet, WorktreeView } from "../worktree-facet.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import { parsePatches } from "./patches.ts";
import type { GitRunner } from "./run-git.ts";

/** Differences between HEAD, index and files. What conflicts is told as our side of it against the file. */
export function createWorktreeDiff(
  runner: GitRunner,
  pool: CatFilePool,
): Pick<WorktreeFacet, "diffIndex" | "diffWorktree"> {
  return {
    async *diffIndex(view: WorktreeView, spec: WorktreeDiffSpec) {
      const [head] = await pool.use(view, (process) => process.infoOfMany(["HEAD"]));
      const operands = [head === undefined ? EMPTY_TREE[view.objectFormat] : "HEAD"];
      const run = { command: "diffIndex", flags: flagsOf(spec), operands, paths: spec.paths ?? [] } as const;
      yield* parsePatches(runner.stream(view, run), runner.limits.objectBytesMax);
    },

    async *diffWorktree(view: WorktreeView, spec: WorktreeDiffSpec) {
      const run = { command: "diffFiles", flags: flagsOf(spec), paths: spec.paths ?? [] } as const;
      for await (const patch of parsePatches(runner.stream(view, run), runner.limits.objectBytesMax))
        if (!isTouched(patch)) yield patch;
    },
  };
}

/** A file that was only touched, or whose changes are white space that does not count, has no patch, and so no new id. */
const isTouched = ({ status, newOid }: FilePatch): boolean => status !== "deleted" && isZeroOid(newOid);

function flagsOf({ renameThreshold, whitespace, contextLines }: WorktreeDiffSpec): ByteString[] {
  return [
    renameThreshold === undefined ? "--no-renames" : `--find-renames=${renameThreshold}%`,
    ...(whitespace === "ignore-change" ? ["--ignore-space-change"] : []),
    ...(whitespace === "ignore-all" ? ["--ignore-all-space"] : []),
    ...(contextLines === undefined ? [] : [`--unified=${contextLines}`]),
  ];
}
