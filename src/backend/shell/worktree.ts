import { OperationError } from "../../domain/errors.ts";
import type { WorktreeFacet } from "../worktree-facet.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import type { GitRunner } from "./run-git.ts";
import { createCheckout } from "./worktree-checkout.ts";
import { createStage } from "./worktree-stage.ts";

/** Index and files through native git. */
export function createWorktree(runner: GitRunner, _pool: CatFilePool): WorktreeFacet {
  return {
    ...createCheckout(runner),
    ...createStage(runner),
    unstage: () => missing("unstage"),
    applyPatch: () => missing("applyPatch"),
    discard: () => missing("discard"),
    diffIndex: () => missing("diffIndex"),
    diffWorktree: () => missing("diffWorktree"),
    reset: () => missing("reset"),
    stashSave: () => missing("stashSave"),
    stashList: () => missing("stashList"),
    stashApply: () => missing("stashApply"),
    stashDrop: () => missing("stashDrop"),
  };
}

function missing(method: string): never {
  throw new OperationError("unimplemented", { what: `worktree.${method}` });
}
