import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION, LOCK_ERRORS, MaybeSessionField, SESSION_ERRORS } from "../sessions/session-fields.ts";
import { findStash, StashNameField } from "./stash-fields.ts";
import { EXPECTED_HEAD_ERRORS, ExpectedHeadField } from "../sessions/expect-session.ts";

/** Forgets a stash. */
export const dropStash = defineOperation({
  name: "dropStash",
  summary: "Drop a stash",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      session: MaybeSessionField,
      stash: StashNameField,
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object({}, { additionalProperties: false }),
  errors: [
    ...SESSION_ERRORS,
    ...EXPECTED_HEAD_ERRORS,
    ...LOCK_ERRORS,
    "session_required",
    "stash_not_found",
    "disk_full",
  ],
  examples: [{ title: "The newest", input: { session: EXAMPLE_SESSION, stash: "0" } }],
  route: { method: "DELETE", path: "/repos/:repo/stash/:stash", ifMatch: "expectedOid", status: 204 },
  async run({ session: id, stash, expectedOid }, { repository, sessions }) {
    await sessions.writing(
      repository,
      id,
      async (session) => session.git.worktree.stashDrop(session.view, await findStash(session, stash)),
      { changes: "history", expectedHead: expectedOid },
    );
    return {};
  },
});
