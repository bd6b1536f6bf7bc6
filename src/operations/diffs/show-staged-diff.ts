import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION } from "../sessions/session-fields.ts";
import { sessionDiff, sessionDiffRoute } from "./session-diff.ts";

/** Shows what is different between a session's head and what is staged. */
export const showStagedDiff = defineOperation({
  ...sessionDiff("diffIndex"),
  name: "showStagedDiff",
  summary: "Show what is staged as a diff",
  examples: [{ title: "Of a session", input: { session: EXAMPLE_SESSION, format: "json" } }],
  tool: { isDefault: true, advice: "What the next commit will have." },
  route: { ...sessionDiffRoute, path: "/repos/:repo/diff/staged" },
});
