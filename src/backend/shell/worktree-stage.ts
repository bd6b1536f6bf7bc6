import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { WorktreeFacet, WorktreeView } from "../worktree-facet.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import type { GitRunner } from "./run-git.ts";
import { change, recordsOf, updateIndex } from "./worktree-change.ts";
import { lookAt } from "./worktree-place.ts";

/** Takes what the worktree has into the index, and out of it again. */
export function createStage(
  runner: GitRunner,
  pool: CatFilePool,
): Pick<WorktreeFacet, "stage" | "stageWithIgnored" | "unstage"> {
  /** Files that the index has at and below these paths, and such as could be added to it. */
  const filesBelow = async (view: WorktreeView, path: GitPath): Promise<GitPath[]> =>
    recordsOf(await runner.run(view, { command: "listStageable", paths: [path] }));

  const hasInIndex = async (view: WorktreeView, path: GitPath, flags: readonly string[] = []): Promise<boolean> =>
    (await runner.run(view, { command: "listNames", flags, paths: [path] })).stdout.length > 0;

  return {
    async stage(view: WorktreeView, paths?: readonly GitPath[]) {
      if (paths === undefined || paths.includes("")) {
        await change(runner, view, { command: "addAll" });
        return;
      }
      const files = new Set<GitPath>();
      for (const path of paths) {
        const found = lookAt(view, path);
        // A file is taken whether it is ignored or not: it was named itself. Sockets and the like are nothing to git.
        const isFile = found?.isFile() === true || found?.isSymbolicLink() === true;
        const listed = isFile ? [path] : await filesBelow(view, path);
        if (listed.length === 0) throw new OperationError("path_not_found", { path });
        for (const file of listed) files.add(file);
      }
      await updateIndex(runner, view, files);
    },

    async stageWithIgnored(view: WorktreeView) {
      await change(runner, view, { command: "addAll", flags: ["--force"] });
    },

    async unstage(view: WorktreeView, paths?: readonly GitPath[]) {
      const everything = paths === undefined || paths.includes("");
      const [head] = await pool.use(view, (process) => process.infoOfMany(["HEAD"]));
      const flags = head === undefined ? [] : ["--with-tree=HEAD"];
      for (const path of everything ? [] : paths)
        if (!(await hasInIndex(view, path, flags))) throw new OperationError("path_not_found", { path });
      await change(runner, view, { command: "resetPaths", paths: everything ? ["."] : paths });
    },
  };
}
