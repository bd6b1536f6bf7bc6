import type { MergeResult } from "../../backend/backend.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";

/** The tree of a clean merge; throws `merge_conflict` with the paths and the two commits otherwise. */
export function cleanTree(result: MergeResult, commitOids: readonly Oid[]): Oid {
  if (result.clean) return result.tree;
  throw new OperationError("merge_conflict", { conflictingPaths: result.conflictingPaths, commitOids });
}
