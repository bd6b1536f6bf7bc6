import { createHash } from "node:crypto";
import type { ByteString } from "./byte-string.ts";
import { fileDiff } from "./diff.ts";
import { isAncestor, reachable } from "./history.ts";
import { cleanTree } from "./merge-commits.ts";
import { mergeTrees } from "./merge-trees.ts";
import type { ObjectStore } from "./object-store.ts";
import { treeDiff } from "./tree-diff.ts";

/**
 * Replays commits onto another and gives the last of the new ones. Merges are left out, and so are changes that are there
 * already or have become empty; authors, their times and messages stay.
 */
export function rebase(objects: ObjectStore, sourceId: string, ontoId: string, committer: ByteString): string {
  if (isAncestor(objects, ontoId, sourceId)) return sourceId;
  if (isAncestor(objects, sourceId, ontoId)) return ontoId;
  return unapplied(objects, sourceId, ontoId).reduce((tip, id) => pickOnto(objects, tip, id, committer), ontoId);
}

function pickOnto(objects: ObjectStore, tip: string, id: string, committer: ByteString): string {
  const { treeId, author, message } = objects.commit(id);
  const parentTree = parentTreeOf(objects, id);
  const tipTree = objects.commit(tip).treeId;
  const merged = cleanTree(mergeTrees(objects, parentTree, tipTree, treeId), [tip, id]);
  const wasEmptyBefore = treeId === parentTree;
  if (merged === tipTree && !wasEmptyBefore) return tip;
  return objects.writeCommit({ treeId: merged, parentIds: [tip], author, committer, message });
}

/** The tree a commit's change starts from; the empty one for a first commit. */
export function parentTreeOf(objects: ObjectStore, id: string): string {
  const [parentId] = objects.commit(id).parentIds;
  return parentId === undefined ? objects.emptyTreeId : objects.commit(parentId).treeId;
}

/** Commits of the source alone, oldest first, without merges and without those whose patch the other side has too. */
function unapplied(objects: ObjectStore, sourceId: string, ontoId: string): string[] {
  const ofSource = reachable(objects, [sourceId]);
  const ofOnto = reachable(objects, [ontoId]);
  const isMerge = (id: string) => objects.commit(id).parentIds.length > 1;
  const there = new Set<string>();
  for (const id of ofOnto) if (!ofSource.has(id) && !isMerge(id)) there.add(patchId(objects, id));
  const own = new Set([...ofSource].filter((id) => !ofOnto.has(id)));
  return childrenFirst(objects, sourceId, own)
    .toReversed()
    .filter((id) => !isMerge(id) && !there.has(patchId(objects, id)));
}

/** `--topo-order` of git-rev-list(1): no commit before all its children, lines of history not mixed. */
function childrenFirst(objects: ObjectStore, tip: string, among: ReadonlySet<string>): string[] {
  const parentsOf = (id: string) => objects.commit(id).parentIds.filter((parentId) => among.has(parentId));
  const children = new Map<string, number>();
  for (const id of among) for (const parent of parentsOf(id)) children.set(parent, (children.get(parent) ?? 0) + 1);
  const order: string[] = [];
  const ready = [tip];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    order.push(id);
    for (const parentId of parentsOf(id)) {
      const left = (children.get(parentId) ?? 0) - 1;
      children.set(parentId, left);
      if (left === 0) ready.push(parentId);
    }
  }
  return order;
}

/** Equal for commits that make the same change, wherever in the files; white space does not count (git-patch-id(1)). */
function patchId(objects: ObjectStore, id: string): string {
  const hash = createHash("sha256");
  const changes = treeDiff(objects, parentTreeOf(objects, id), objects.commit(id).treeId);
  // A commit that changes nothing is like no other.
  if (changes.length === 0) hash.update(id);
  for (const change of changes) {
    const { from, to } = change;
    const { binary, patch } = fileDiff(objects, change);
    const modes = from?.mode === to?.mode ? "" : `${from?.mode} ${to?.mode}`;
    const ids = binary ? `${from?.id} ${to?.id}` : "";
    const text = patch.text.replace(/^@@ .*$/gm, "").replace(/\s/g, "");
    hash.update(JSON.stringify([(from ?? to).path, modes, ids, text]));
  }
  return hash.digest("hex");
}
