import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { WorktreeFacet, WorktreeView } from "../worktree-facet.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";

/** Takes what the worktree has into the index. */
export function createStage(runner: GitRunner): Pick<WorktreeFacet, "stage"> {
  return {
    async stage(view: WorktreeView, paths?: readonly GitPath[]) {
      try {
        await runner.run(view, { command: "addAll", ...(paths === undefined ? {} : { paths }) });
      } catch (error) {
        const [, path] = /^fatal: pathspec '(.*)' did not match any files$/ms.exec(stderrOf(error) ?? "") ?? [];
        throw path === undefined ? error : new OperationError("path_not_found", { path }, { cause: error });
      }
    },
  };
}
