import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION } from "../sessions/session-fields.ts";
import { applyNamed, STASH_APPLY_ERRORS, StashAppliedFields, StashToApplyFields } from "./stash-fields.ts";

/** Applies a stash to a session's worktree; the stash stays. */
export const applyStash = defineOperation({
  name: "applyStash",
  summary: "Apply a stash",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(StashToApplyFields, { additionalProperties: false }),
  output: Type.Object({ ...StashAppliedFields }, { additionalProperties: false }),
  errors: [...STASH_APPLY_ERRORS],
  examples: [{ title: "The newest", input: { session: EXAMPLE_SESSION, stash: "0" } }],
  route: { method: "POST", path: "/repos/:repo/stash/:stash/apply", ifMatch: "expectedOid" },
  async run({ session: id, stash, index = false, expectedOid }, { repository, sessions }) {
    return await sessions.writing(repository, id, (session) => applyNamed(session, stash, index), {
      expectedHead: expectedOid,
    });
  },
});
