import { compareByteStrings } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { StatusEntry, WorktreeFacet, WorktreeView } from "../worktree-facet.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import type { GitRunner } from "./run-git.ts";
import { change, nullEnded, recordsOf, refuseLocked } from "./worktree-change.ts";
import { filesBelow, flushFiles, foldersAbove, lookAt, removeFiles, standingInPlace } from "./worktree-place.ts";

type DiscardMethods = Pick<WorktreeFacet, "discard" | "reset">;

/** Sets files back. Nothing is lost but what that was asked of: files that Git does not know are never in its way. */
export function createDiscard(
  runner: GitRunner,
  pool: CatFilePool,
  { status }: Pick<WorktreeFacet, "status">,
): DiscardMethods {
  const statusOf = async (view: WorktreeView, paths?: readonly GitPath[]): Promise<StatusEntry[]> => {
    const entries: StatusEntry[] = [];
    const some = paths === undefined ? {} : { paths };
    for await (const batch of status(view, { ...some, untracked: "files" })) entries.push(...batch);
    return entries;
  };

  const isInIndex = async (view: WorktreeView, path: GitPath): Promise<boolean> =>
    (await runner.run(view, { command: "listNames", paths: [path] })).stdout.length > 0;

  return {
    async discard(view: WorktreeView, paths: readonly GitPath[] | undefined, { untracked }) {
      await refuseLocked(view);
      const named = paths === undefined || paths.includes("") ? undefined : paths;
      const entries = await statusOf(view, named);
      refuseUnmerged(entries);
      const restored = entries.filter(isChanged).map(({ path }) => path);
      const unknown = entries.filter(isUntracked).map(({ path }) => path);
      for (const path of named ?? []) {
        if (entries.some((entry) => isAtOrBelow(entry.path, path)) || (await isInIndex(view, path))) continue;
        const found = lookAt(view, path);
        if (found === undefined) throw new OperationError("path_not_found", { path });
        // Ignored, or it would be among the entries.
        if (!found.isDirectory()) unknown.push(path);
      }
      if (untracked) removeFiles(view, unknown);
      else refuse(inTheWayOf(view, restored));
      if (restored.length > 0) await change(runner, view, { command: "restoreFiles", stdin: nullEnded(restored) });
      await flushFiles(view, untracked ? [...restored, ...unknown] : restored);
    },

    async reset(view: WorktreeView, commit: Oid, mode: "soft" | "mixed" | "hard") {
      const found = isOid(commit, view.objectFormat) ? await pool.use(view, (git) => git.info(commit)) : undefined;
      if (found?.type !== "commit") throw new OperationError("not_a_commit", { oid: commit });
      await refuseLocked(view);
      // What conflicts has to be staged before, as git has it: the index would stay as it is.
      if (mode === "soft") refuseUnmerged(await statusOf(view));
      const touched = mode === "hard" ? await touchedBy(view, commit) : [];
      await change(runner, view, { command: "resetTo", flags: [`--${mode}`], operands: [commit] });
      await flushFiles(view, touched);
    },
  };

  /** Paths that a hard reset writes. Throws `worktree_dirty` where files that Git does not know are in their place. */
  async function touchedBy(view: WorktreeView, commit: Oid): Promise<GitPath[]> {
    const entries = await statusOf(view);
    const changed = recordsOf(await runner.run(view, { command: "changedInIndex", operands: [commit] }));
    const touched = [
      ...new Set([...changed, ...entries.filter((entry) => !isUntracked(entry)).map(({ path }) => path)]),
    ];
    const untracked = entries.filter(isUntracked).map(({ path }) => path);
    if (untracked.length > 0) {
      const tree = recordsOf(await runner.run(view, { command: "listTreeNames", operands: [commit] }));
      refuse(standingInPlace(untracked, tree));
    }
    return touched;
  }
}

const isChanged = ({ worktree }: StatusEntry): boolean => ["modified", "deleted", "type-changed"].includes(worktree);
const isUntracked = ({ worktree }: StatusEntry): boolean => worktree === "untracked";

const isAtOrBelow = (path: GitPath, folder: GitPath): boolean => path === folder || path.startsWith(`${folder}/`);

function refuseUnmerged(entries: readonly StatusEntry[]): void {
  const unmerged = entries.filter(({ worktree }) => worktree === "unmerged").map(({ path }) => path);
  if (unmerged.length > 0) throw new OperationError("index_unmerged", { paths: unmerged });
}

/** What is in the place of files that are only in the index: a file in place of a folder, and files in place of one. */
function inTheWayOf(view: WorktreeView, restored: readonly GitPath[]): GitPath[] {
  const found = restored.flatMap((path) => [
    ...foldersAbove(path).filter((folder) => lookAt(view, folder)?.isDirectory() === false),
    ...filesBelow(view, path),
  ]);
  return [...new Set(found)].sort(compareByteStrings);
}

/** What Git does not know is lost by nobody's asking. */
function refuse(paths: readonly GitPath[]): void {
  if (paths.length > 0) throw new OperationError("worktree_dirty", { paths });
}
