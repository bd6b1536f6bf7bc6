import type { WorktreeFacet } from "../worktree-facet.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import type { GitRunner } from "./run-git.ts";
import { createCheckout } from "./worktree-checkout.ts";
import { createWorktreeDiff } from "./worktree-diff.ts";
import { createDiscard } from "./worktree-discard.ts";
import { createFlush } from "./worktree-flush.ts";
import { createPatch } from "./worktree-patch.ts";
import { createStage } from "./worktree-stage.ts";
import { createStash } from "./worktree-stash.ts";

/** Index and files through native git. */
export function createWorktree(runner: GitRunner, pool: CatFilePool): WorktreeFacet {
  const checkout = createCheckout(runner);
  return {
    ...checkout,
    ...createFlush(runner, checkout),
    ...createStage(runner, pool),
    ...createPatch(runner),
    ...createDiscard(runner, pool, checkout),
    ...createWorktreeDiff(runner, pool),
    ...createStash(runner, pool, checkout),
  };
}
