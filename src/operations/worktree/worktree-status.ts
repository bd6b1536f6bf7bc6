import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { sessionStatus } from "../sessions/session-status.ts";
import { EXAMPLE_SESSION, MaybeSessionField } from "../sessions/session-fields.ts";
import { sessionMeant } from "./session-meant.ts";

/** Tells what differs between the head of a session, its index and its files. It is the one that is named, else the caller's default one. */
export const worktreeStatus = defineOperation({
  ...sessionStatus,
  name: "worktreeStatus",
  summary: "Show what has changed in a worktree",
  input: Type.Object(
    { ...sessionStatus.input.properties, session: MaybeSessionField },
    { additionalProperties: false },
  ),
  errors: [...sessionStatus.errors, "session_required"],
  examples: [{ title: "A session", input: { session: EXAMPLE_SESSION } }],
  tool: { isDefault: true, advice: "What the session has changed since its last commit." },
  route: { method: "GET", path: "/repos/:repo/status" },
  run: async (input, ctx, parts) => sessionStatus.run(await sessionMeant(input, ctx), ctx, parts),
});
