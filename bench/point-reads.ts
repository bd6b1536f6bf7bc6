import { calls, type Target } from "./calls.ts";
import { gitLines } from "./git-reference.ts";
import type { PreparedCall } from "./load-client.ts";

/** Calls for the three point reads, each over many different places, none asked twice. */
export interface PointReads {
  readonly treeEntry: readonly PreparedCall[];
  readonly findCommit: readonly PreparedCall[];
  readonly getBlob: readonly PreparedCall[];
}

/** Steps through a list by a stride that has no common divisor with most lengths, so that neighbours are far apart. */
const STRIDE = 7919;

/** Prepares calls over different revisions and paths of a repository. */
export function preparePointReads(gitDir: string, repository: Target, count: number): PointReads {
  const commits = gitLines(gitDir, ["rev-list", "--all"]);
  const paths = gitLines(gitDir, ["ls-tree", "-r", "--name-only", commits.at(-1)!]);
  const blobs = gitLines(gitDir, ["rev-list", "--objects", "--all", "--filter=object:type=blob", "--no-object-names"]);
  const named = new Set(commits);
  const distinct = blobs.filter((oid) => !named.has(oid)).slice(0, count);
  const pick = <T>(list: readonly T[], n: number): T => list[(n * STRIDE) % list.length]!;
  const numbers = Array.from({ length: count }, (_, n) => n);
  return {
    treeEntry: numbers.map((n) =>
      calls.treeEntry(repository, pick(commits, n), pick(paths, n + Math.floor(n / paths.length))),
    ),
    findCommit: numbers.slice(0, commits.length).map((n) => calls.findCommit(repository, pick(commits, n))),
    getBlob: distinct.map((oid) => calls.getBlob(repository, oid)),
  };
}
