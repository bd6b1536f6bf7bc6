import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { writeSessionFile } from "../sessions/write-session-file.ts";
import { EXAMPLE_SESSION, MaybeSessionField } from "../sessions/session-fields.ts";
import { sessionMeant } from "./session-meant.ts";

/** Writes a file of a session's worktree; it is on disk when this is answered. It is the one that is named, else the caller's default one. */
export const writeWorktreeFile = defineOperation({
  ...writeSessionFile,
  name: "writeWorktreeFile",
  summary: "Write a file of a worktree",
  input: Type.Object(
    { ...writeSessionFile.input.properties, session: MaybeSessionField },
    { additionalProperties: false },
  ),
  errors: [...writeSessionFile.errors, "session_required"],
  examples: [
    {
      title: "A new file",
      input: { session: EXAMPLE_SESSION, path: "notes/today.md", content: Buffer.from("# Today\n") },
    },
  ],
  tool: {
    isDefault: true,
    destructive: true,
    advice:
      "Writes the whole file, on disk when it is answered; folders are made as needed. Nobody else sees it before push_session.",
  },
  route: { method: "PUT", path: "/repos/:repo/worktree/files", ifMatch: "expectedOid" },
  run: async (input, ctx, parts) => writeSessionFile.run(await sessionMeant(input, ctx), ctx, parts),
});
