import type { OpenRepository } from "../../contract/context.ts";
import { parseCommit } from "../../domain/commit.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { FolderReader } from "./folder-reader.ts";

/** Commits that are looked at side by side. */
const BATCH_COMMITS = 32;
/** A walk begins anew, without the paths that are found, when so many commits have told of nothing else: they change those. */
const IDLE_COMMITS_MAX = 256;
/** What a walk is told of paths at once, in bytes: arguments of a process. */
const WALK_BYTES_MAX = 48 * 1024;

type Repository = Pick<OpenRepository, "git" | "view">;

/** A path that is looked for. */
interface Wanted {
  readonly path: GitPath;
  readonly folder: GitPath;
  readonly name: string;
  /** Mode and id of what is there at the tip. */
  readonly entry: string;
}

interface CommitParents {
  readonly oid: Oid;
  readonly parents: readonly Oid[];
}

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
  const wanted = await Promise.all([...paths].map((path) => wantedAt(folders, tip, path)));
  const found = new Map<GitPath, Oid>();
  for (const some of inPieces(wanted)) {
    let left: Wanted[] = some;
    for (let foundBefore = -1; left.length > 0 && found.size > foundBefore;) {
      foundBefore = found.size;
      await walk(repository, folders, tip, left, found);
      left = left.filter(({ path }) => !found.has(path));
    }
  }
  return found;
}

async function wantedAt(folders: FolderReader, tip: Oid, path: GitPath): Promise<Wanted> {
  const slash = path.lastIndexOf("/");
  const [folder, name] = [slash < 0 ? "" : path.slice(0, slash), path.slice(slash + 1)];
  const entry = (await folders.list(tip, folder)).get(name);
  if (entry === undefined) throw new OperationError("path_not_found", { path });
  return { path, folder, name, entry };
}

/** Adds what one walk finds; it ends at the beginning of the history, or when it should begin anew. */
async function walk(
  { git, view }: Repository,
  folders: FolderReader,
  tip: Oid,
  left: readonly Wanted[],
  found: Map<GitPath, Oid>,
): Promise<void> {
  const remaining = new Set(left);
  const pathspecs = left.map(({ path }) => `:(top,literal)${path}`);
  let idle = 0;
  for await (const batch of git.history.log(view, { revisions: [tip], paths: pathspecs }))
    for (let at = 0; at < batch.length; at += BATCH_COMMITS) {
      const objects = await git.objects.readMany(view, batch.slice(at, at + BATCH_COMMITS));
      const commits = objects.flatMap((object): CommitParents[] =>
        object?.type === "commit"
          ? [{ oid: object.oid, parents: parseCommit(object.oid, object.content).parentOids }]
          : [],
      );
      const byFolder = Map.groupBy(remaining, ({ folder }) => folder);
      const changed = await Promise.all(commits.map((commit) => changes(folders, commit, byFolder)));
      const before = remaining.size;
      for (const [index, { oid }] of commits.entries())
        for (const each of changed[index]!) if (remaining.delete(each)) found.set(each.path, oid);
      idle = remaining.size < before ? 0 : idle + commits.length;
      if (remaining.size === 0 || (idle >= IDLE_COMMITS_MAX && remaining.size < left.length)) return;
    }
}

/** What has in a commit what it has at the tip, and something else in every parent. */
async function changes(
  folders: FolderReader,
  { oid, parents }: CommitParents,
  wanted: ReadonlyMap<GitPath, readonly Wanted[]>,
): Promise<Wanted[]> {
  const changed: Wanted[] = [];
  for (const [folder, some] of wanted) {
    const [now, ...before] = await Promise.all([oid, ...parents].map((commit) => folders.list(commit, folder)));
    // The same tree is the same listing.
    if (before.includes(now!)) continue;
    for (const each of some) {
      if (now!.get(each.name) !== each.entry) continue;
      if (!before.some((listing) => listing.get(each.name) === each.entry)) changed.push(each);
    }
  }
  return changed;
}

/** Paths in pieces that a process can be told at once. */
function* inPieces(wanted: readonly Wanted[]): Generator<Wanted[]> {
  let piece: Wanted[] = [];
  let bytes = 0;
  for (const each of wanted) {
    bytes += each.path.length;
    if (bytes > WALK_BYTES_MAX && piece.length > 0) {
      yield piece;
      piece = [];
      bytes = each.path.length;
    }
    piece.push(each);
  }
  if (piece.length > 0) yield piece;
}
