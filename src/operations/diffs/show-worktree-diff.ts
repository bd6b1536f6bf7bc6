import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION } from "../sessions/session-fields.ts";
import { sessionDiff, sessionDiffRoute } from "./session-diff.ts";

/** Shows what is different between what is staged and the files of a worktree; files that Git does not know are left out. */
export const showWorktreeDiff = defineOperation({
  ...sessionDiff("diffWorktree"),
  name: "showWorktreeDiff",
  summary: "Show what is not staged as a diff",
  examples: [{ title: "Of a session", input: { session: EXAMPLE_SESSION, format: "json" } }],
  tool: { isDefault: true, advice: "What has changed and is not staged. With format stat only counts." },
  route: { ...sessionDiffRoute, path: "/repos/:repo/diff/worktree" },
});
