import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { deleteSessionFile } from "../sessions/delete-session-file.ts";
import { EXAMPLE_SESSION, MaybeSessionField } from "../sessions/session-fields.ts";
import { sessionMeant } from "./session-meant.ts";

/** Deletes a file of a session's worktree, or a folder with all that is in it. It is the one that is named, else the caller's default one. */
export const deleteWorktreeFile = defineOperation({
  ...deleteSessionFile,
  name: "deleteWorktreeFile",
  summary: "Delete a file or folder of a worktree",
  input: Type.Object(
    { ...deleteSessionFile.input.properties, session: MaybeSessionField },
    { additionalProperties: false },
  ),
  errors: [...deleteSessionFile.errors, "session_required"],
  examples: [{ title: "A file", input: { session: EXAMPLE_SESSION, path: "README.md" } }],
  tool: { isDefault: true },
  route: { method: "DELETE", path: "/repos/:repo/worktree/files", ifMatch: "expectedOid", status: 204 },
  run: async (input, ctx, parts) => deleteSessionFile.run(await sessionMeant(input, ctx), ctx, parts),
});
