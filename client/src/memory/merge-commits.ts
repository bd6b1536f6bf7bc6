import { ConflictError } from "../errors.ts";
import { toText } from "./byte-string.ts";
import { mergeBases } from "./history.ts";
import { mergeTrees, type TreeMerge } from "./merge-trees.ts";
import type { ObjectStore } from "./object-store.ts";

const NOBODY = "Nobody <nobody@localhost> 0 +0000";

/** Merges two commits over their common ancestors; where there are several, over the merge of these. */
export function mergeCommits(objects: ObjectStore, oursId: string, theirsId: string): TreeMerge {
  const baseTree = treeOfBases(objects, mergeBases(objects, oursId, theirsId));
  return mergeTrees(objects, baseTree, objects.commit(oursId).treeId, objects.commit(theirsId).treeId);
}

/** As Git does it: the oldest first, and what is in conflict keeps its markers. */
function treeOfBases(objects: ObjectStore, newestFirst: readonly string[]): string {
  let merged: string | undefined;
  for (const id of newestFirst.toReversed()) {
    if (merged === undefined) merged = id;
    else {
      const { treeId } = mergeCommits(objects, merged, id);
      const parts = { author: NOBODY, committer: NOBODY, message: "merged common ancestors" };
      merged = objects.writeCommit({ treeId, parentIds: [merged, id], ...parts });
    }
  }
  return merged === undefined ? objects.emptyTreeId : objects.commit(merged).treeId;
}

/** The tree of a clean merge; `ConflictError` with the paths and the two commits otherwise. */
export function cleanTree({ treeId, conflicts }: TreeMerge, conflictingCommitIds: readonly string[]): string {
  if (conflicts.length === 0) return treeId;
  const conflictingFiles = conflicts.map(toText);
  throw new ConflictError(`the sides do not merge: ${conflictingFiles.join(", ")}`, {
    code: "FAILED_PRECONDITION",
    detail: { kind: "merge_conflict", conflictingFiles, conflictingCommitIds },
  });
}
