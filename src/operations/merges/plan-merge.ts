import type { OpenRepository, Quarantine } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";

export type Strategy = "auto" | "ff-only" | "no-ff" | "squash";

/** What merging one commit into another takes. */
export type MergePlan =
  | { readonly result: "up-to-date" }
  | { readonly result: "fast-forward" }
  | { readonly result: "merge" | "squash"; readonly tree: Oid }
  | { readonly result: "conflict"; readonly conflictingPaths: readonly GitPath[] };

/** Tries a merge in a quarantine. Throws `non_fast_forward` where only that is wanted. */
export async function planMerge(
  { git, view }: OpenRepository,
  quarantine: Quarantine,
  { ours, theirs, strategy, reference }: { ours: Oid; theirs: Oid; strategy: Strategy; reference: string },
): Promise<MergePlan> {
  if (await git.history.isAncestor(view, theirs, ours)) return { result: "up-to-date" };
  const isForward = await git.history.isAncestor(view, ours, theirs);
  if (isForward && (strategy === "auto" || strategy === "ff-only")) return { result: "fast-forward" };
  if (strategy === "ff-only") throw new OperationError("non_fast_forward", { reference });
  const merged = await git.merge.mergeCommits(quarantine.view, ours, theirs);
  if (!merged.clean) return { result: "conflict", conflictingPaths: merged.conflictingPaths };
  return { result: strategy === "squash" ? "squash" : "merge", tree: merged.tree };
}
