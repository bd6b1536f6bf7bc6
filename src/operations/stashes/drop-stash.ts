import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION, MaybeSessionField, STAGING_ERRORS } from "../sessions/session-fields.ts";
import { findStash, StashNameField } from "./stash-fields.ts";
import { ExpectedHeadField } from "../sessions/expect-session.ts";

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
  errors: [...STAGING_ERRORS, "stash_not_found"],
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
