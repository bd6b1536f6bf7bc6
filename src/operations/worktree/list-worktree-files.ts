import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { listSessionFiles } from "../sessions/list-session-files.ts";
import { EXAMPLE_SESSION, MaybeSessionField } from "../sessions/session-fields.ts";
import { sessionMeant } from "./session-meant.ts";

/** Lists the files of a session's worktree, ignored ones included. It is the one that is named, else the caller's default one. */
export const listWorktreeFiles = defineOperation({
  ...listSessionFiles,
  name: "listWorktreeFiles",
  summary: "List the files of a worktree",
  input: Type.Object(
    { ...listSessionFiles.input.properties, session: MaybeSessionField },
    { additionalProperties: false },
  ),
  errors: [...listSessionFiles.errors, "session_required"],
  examples: [{ title: "All of them", input: { session: EXAMPLE_SESSION } }],
  tool: { isDefault: true, advice: "One folder of the session; the root when path is absent." },
  route: { method: "GET", path: "/repos/:repo/worktree/tree" },
  run: async (input, ctx, parts) => listSessionFiles.run(await sessionMeant(input, ctx), ctx, parts),
});
