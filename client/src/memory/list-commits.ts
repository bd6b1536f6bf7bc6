import { ValidationError } from "../errors.ts";
import type { ListCommits } from "../requests.ts";
import { toByteString } from "./byte-string.ts";
import { mergeBases, reachable, walk } from "./history.ts";
import type { MemoryRepository } from "./memory-repository.ts";
import { REFS_HEADS, REFS_TAGS } from "./ref-name.ts";
import { peel } from "./revision.ts";
import { type PathFilter, pathFilter, treeDiff } from "./tree-diff.ts";

/** The ids of commits, newest first, from a page on. `NotFoundError` when a revision does not exist. */
export function* listCommits(repository: MemoryRepository, request: ListCommits): Generator<string> {
  const { limit = Infinity, after } = request.page ?? {};
  if (limit !== Infinity && (!Number.isSafeInteger(limit) || limit < 0)) {
    throw new ValidationError(`the limit of a page cannot be ${limit}`, { code: "INVALID_ARGUMENT" });
  }
  const { included, excluded } = rangeOf(repository, request.revisions);
  const paths = request.paths ?? [];
  const filter = pathFilter(paths.map(toByteString));
  const hidden = reachable(repository.objects, excluded);
  // Those that a range was cut at still count as parents of what is told.
  const isRelevant = (id: string) => !hidden.has(id) || excluded.includes(id);
  const step = paths.length === 0 ? {} : { step: (id: string) => simplified(repository, id, filter, isRelevant) };
  let behind = after === undefined;
  let left = limit;
  for (const id of walk(repository.objects, { included, excluded, ...step })) {
    if (left <= 0) return;
    if (behind) {
      yield id;
      left--;
    } else behind = id === after;
  }
}

/** What revisions include and exclude, as git-rev-list(1) takes them. */
function rangeOf(repository: MemoryRepository, revisions: readonly string[]) {
  if (revisions.length === 0) throw new ValidationError("no revisions are given", { code: "INVALID_ARGUMENT" });
  const sides = { included: [] as string[], excluded: [] as string[] };
  const commit = (revision: string) => repository.commitAt(revision === "" ? "HEAD" : revision).id;
  let negated = false;
  const add = (ids: readonly string[], not: boolean) =>
    (not === negated ? sides.included : sides.excluded).push(...ids);
  for (const revision of revisions) {
    const [, from, dots, to] = /^(.*?)(\.{2,3})(.*)$/.exec(revision) ?? [];
    const prefix = PREFIXES.get(revision);
    if (revision === "--not") negated = !negated;
    else if (prefix !== undefined) add(commitsBelow(repository, prefix), false);
    else if (from !== undefined && to !== undefined) {
      const [one, other] = [commit(from), commit(to)];
      add(dots === ".." ? [one] : mergeBases(repository.objects, one, other), true);
      add(dots === ".." ? [other] : [one, other], false);
    } else if (revision.startsWith("^")) add([commit(revision.slice(1))], true);
    else add([commit(revision)], false);
  }
  return sides;
}

const PREFIXES = new Map([
  ["--all", "refs/"],
  ["--branches", REFS_HEADS],
  ["--tags", REFS_TAGS],
]);

function commitsBelow({ objects, references }: MemoryRepository, prefix: string): string[] {
  const ids = references.list(prefix).map(([, id]) => peel(objects, id, "commit"));
  return ids.filter((id) => id !== undefined);
}

/**
 * History simplification of git-log(1): a commit that is like a parent, as far as the paths go, is not told, and the walk
 * follows that parent alone. Parents that the walk does not come to count only where there are no others.
 */
function simplified(
  repository: MemoryRepository,
  id: string,
  filter: PathFilter,
  isRelevant: (id: string) => boolean,
): { readonly told: boolean; readonly parentIds: readonly string[] } {
  const { objects } = repository;
  const { treeId, parentIds } = objects.commit(id);
  const isSame = (before: string) => treeDiff(objects, before, treeId, filter).length === 0;
  if (parentIds.length === 0) return { told: !isSame(objects.emptyTreeId), parentIds };
  const relevant = parentIds.filter(isRelevant);
  const same = relevant.find((parentId) => isSame(objects.commit(parentId).treeId));
  if (same !== undefined) return { told: false, parentIds: [same] };
  const told = relevant.length > 0 || parentIds.some((parentId) => !isSame(objects.commit(parentId).treeId));
  return { told, parentIds };
}
