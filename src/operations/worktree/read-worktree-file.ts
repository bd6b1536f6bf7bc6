import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { readSessionFile } from "../sessions/read-session-file.ts";
import { EXAMPLE_SESSION, MaybeSessionField } from "../sessions/session-fields.ts";
import { sessionMeant } from "./session-meant.ts";

/** Reads a file of a session's worktree. It is the one that is named, else the caller's default one. */
export const readWorktreeFile = defineOperation({
  ...readSessionFile,
  name: "readWorktreeFile",
  summary: "Read a file of a worktree",
  input: Type.Object(
    { ...readSessionFile.input.properties, session: MaybeSessionField },
    { additionalProperties: false },
  ),
  errors: [...readSessionFile.errors, "session_required"],
  examples: [{ title: "A file", input: { session: EXAMPLE_SESSION, path: "README.md" } }],
  tool: {
    isDefault: true,
    advice:
      "The file as the session has it, with changes that are not committed. Large files come in parts: give next_cursor as cursor, or ask for lines.",
  },
  route: { method: "GET", path: "/repos/:repo/worktree/files" },
  run: async (input, ctx, parts) => readSessionFile.run(await sessionMeant(input, ctx), ctx, parts),
});
