import type { OpenRepository } from "../../contract/context.ts";
import { parseCommit } from "../../domain/commit.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { FolderReader } from "./folder-reader.ts";

/** Commits that are looked at side by side. */
const BATCH_COMMITS = 32;
/** A walk that has gone so far begins anew once half of its paths have been found: it would go on meeting changes of those. */
const RENEW_AFTER_COMMITS = 256;
/** What a walk is told of paths at once, in bytes: arguments of a process. */
const WALK_BYTES_MAX = 48 * 1024;

type Repository = Pick<OpenRepository, "git" | "view">;

/**
 * The newest commit that gave each path what it has at `tip`, as `git log -1 -- path` finds it, in one walk for many. A path that no commit of
 * the repository's history gave that is left out: the history may be shallow. Throws `path_not_found` for one that is not in `tip`.
 */
export async function lastCommits(
  repository: Repository,
  tip: Oid,
  paths: ReadonlySet<GitPath>,
): Promise<Map<GitPath, Oid>> {
  const folders = new FolderReader(repository);
  const wanted = new Map<GitPath, string>();
  for (const path of paths) {
    const entry = await folders.entryAt(tip, path);
    if (entry === undefined) throw new OperationError("path_not_found", { path });
    wanted.set(path, entry);
  }
  const found = new Map<GitPath, Oid>();
  for (const some of inPieces([...paths])) {
    let remaining = new Set(some);
    let renewed = true;
    while (remaining.size > 0 && renewed) ({ remaining, renewed } = await walk(repository, tip, remaining));
  }
  return found;

  async function walk({ git, view }: Repository, from: Oid, left: ReadonlySet<GitPath>) {
    const remaining = new Set(left);
    const pathspecs = [...left].map((path) => `:(top,literal)${path}`);
    let seen = 0;
    for await (const batch of git.history.log(view, { revisions: [from], paths: pathspecs }))
      for (let at = 0; at < batch.length; at += BATCH_COMMITS) {
        const oids = batch.slice(at, at + BATCH_COMMITS);
        const changed = await Promise.all((await parentsOf(oids)).map((commit) => changes(commit, [...remaining])));
        for (const [index, of] of changed.entries())
          for (const path of of) if (remaining.delete(path)) found.set(path, oids[index]!);
        seen += oids.length;
        if (remaining.size === 0) return { remaining, renewed: false };
        if (seen >= RENEW_AFTER_COMMITS && remaining.size * 2 <= left.size) return { remaining, renewed: true };
      }
    return { remaining, renewed: false };
  }

  async function parentsOf(oids: readonly Oid[]) {
    const objects = await repository.git.objects.readMany(repository.view, oids);
    return objects.flatMap((object, index) =>
      object?.type === "commit"
        ? [{ oid: oids[index]!, parents: parseCommit(object.oid, object.content).parentOids }]
        : [],
    );
  }

  /** The paths that have in this commit what they have at the tip, and something else in every parent. */
  async function changes(
    { oid, parents }: { readonly oid: Oid; readonly parents: readonly Oid[] },
    remaining: readonly GitPath[],
  ): Promise<GitPath[]> {
    const changed: GitPath[] = [];
    for (const path of remaining) {
      if ((await folders.entryAt(oid, path)) !== wanted.get(path)) continue;
      const before = await Promise.all(parents.map((parent) => folders.entryAt(parent, path)));
      if (!before.includes(wanted.get(path))) changed.push(path);
    }
    return changed;
  }
}

/** Paths in pieces that a process can be told at once. */
function* inPieces(paths: readonly GitPath[]): Generator<GitPath[]> {
  let piece: GitPath[] = [];
  let bytes = 0;
  for (const path of paths) {
    bytes += path.length;
    if (bytes > WALK_BYTES_MAX && piece.length > 0) {
      yield piece;
      piece = [];
      bytes = path.length;
    }
    piece.push(path);
  }
  if (piece.length > 0) yield piece;
}
