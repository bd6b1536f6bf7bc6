import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { commitSession } from "../sessions/commit-session.ts";
import { EXAMPLE_SESSION, MaybeSessionField } from "../sessions/session-fields.ts";
import { sessionMeant } from "./session-meant.ts";

/** Commits what is staged in a session, or everything where nothing is. It is the one that is named, else the caller's default one. */
export const commitWorktree = defineOperation({
  ...commitSession,
  name: "commitWorktree",
  summary: "Commit in a worktree",
  input: Type.Object(
    { ...commitSession.input.properties, session: MaybeSessionField },
    { additionalProperties: false },
  ),
  errors: [...commitSession.errors, "session_required"],
  examples: [
    { title: "Everything", input: { session: EXAMPLE_SESSION, message: Buffer.from("What was done"), all: true } },
  ],
  tool: {
    isDefault: true,
    advice: "Commits what is staged, or with all: true everything that has changed. Then push_session.",
  },
  route: { method: "POST", path: "/repos/:repo/worktree/commit", ifMatch: "expectedOid" },
  run: async (input, ctx, parts) => commitSession.run(await sessionMeant(input, ctx), ctx, parts),
});
