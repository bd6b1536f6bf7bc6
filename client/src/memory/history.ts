import type { ObjectStore } from "./object-store.ts";

/** All commits that can be reached from these, themselves included. */
export function reachable(objects: ObjectStore, tips: Iterable<string>): Set<string> {
  const seen = new Set<string>();
  const left = [...tips];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    left.push(...objects.commit(id).parentIds);
  }
  return seen;
}

/** Is one commit reachable from another? A commit is its own ancestor. */
export function isAncestor(objects: ObjectStore, ancestor: string, descendant: string): boolean {
  return reachable(objects, [descendant]).has(ancestor);
}

/** The best common ancestors of two commits: those that are no ancestor of another; newest first. */
export function mergeBases(objects: ObjectStore, one: string, other: string): string[] {
  const ofOther = reachable(objects, [other]);
  const common = [...reachable(objects, [one])].filter((id) => ofOther.has(id));
  const older = reachable(
    objects,
    common.flatMap((id) => objects.commit(id).parentIds),
  );
  return common.filter((id) => !older.has(id)).sort((a, b) => objects.commit(b).seconds - objects.commit(a).seconds);
}

/** Which commits a walk passes through, and which of these it tells. */
export interface Walk {
  readonly included: readonly string[];
  readonly excluded: readonly string[];
  /** Says whether a commit is told, and where the walk goes on behind it; each is told and leads to its parents without. */
  readonly step?: (id: string) => { readonly told: boolean; readonly parentIds: readonly string[] };
}

/** Walks commits newest first, as `git rev-list` does: by the committer's time, of equal ones the first that was met. */
export function* walk(objects: ObjectStore, { included, excluded, step }: Walk): Generator<string> {
  const hidden = reachable(objects, excluded);
  const met = new Set<string>();
  const queue: { readonly id: string; readonly seconds: number }[] = [];
  const meet = (id: string) => {
    if (met.has(id) || hidden.has(id)) return;
    met.add(id);
    const { seconds } = objects.commit(id);
    queue.splice(placeOf(queue, seconds), 0, { id, seconds });
  };
  for (const id of included) meet(id);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { told, parentIds } = step?.(next.id) ?? { told: true, parentIds: objects.commit(next.id).parentIds };
    if (told) yield next.id;
    for (const id of parentIds) meet(id);
  }
}

/** Where a commit of this time goes in a queue that is read from its end: before all of the same time. */
function placeOf(queue: readonly { readonly seconds: number }[], seconds: number): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (queue[middle]!.seconds < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}
