import { Maybe, OidField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { writerOf } from "../commits/writer-of.ts";
import { EXAMPLE_SESSION, LOCK_ERRORS, SessionPlaceFields } from "./session-fields.ts";

/** Ends a session. What its branch does not have stays in a backup, unless it is to be discarded. */
export const closeSession = defineOperation({
  name: "closeSession",
  summary: "Close a worktree session",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      ...SessionPlaceFields,
      discard: Maybe(Type.Boolean({ description: "Keep no backup of what the branch does not have" })),
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      id: Type.String({ description: "Id of the session that was" }),
      backup: Type.Union([OidField("The backup's commit"), Type.Null()], {
        description: "The commit that refs/holdfast/sessions/<id>/backup keeps; null: there was nothing to keep",
      }),
    },
    { additionalProperties: false },
  ),
  errors: ["unauthenticated", "session_not_found", ...LOCK_ERRORS, "disk_full"],
  examples: [{ title: "A session", input: { session: EXAMPLE_SESSION } }],
  tool: { isDefault: true, advice: "What has not been pushed is kept as a backup, unless discard is true." },
  route: { method: "DELETE", path: "/repos/:repo/sessions/:session" },
  async run({ session, discard = false }, ctx) {
    const committer = commitIdentity(await writerOf(ctx), resolveMoment(undefined, ctx.clock));
    const backup = await ctx.sessions.close(ctx.repository, session, { discard, committer });
    return { id: session, backup: backup ?? null };
  },
});
