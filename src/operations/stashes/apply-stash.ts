import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION, LOCK_ERRORS, MaybeSessionField, SESSION_ERRORS } from "../sessions/session-fields.ts";
import { findStash, StashAppliedFields, StashNameField } from "./stash-fields.ts";
import { EXPECTED_HEAD_ERRORS, ExpectedHeadField } from "../sessions/expect-session.ts";

/** Applies a stash to a session's worktree; the stash stays. */
export const applyStash = defineOperation({
  name: "applyStash",
  summary: "Apply a stash",
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
      index: Maybe(Type.Boolean({ description: "Stage again what was staged" })),
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object({ ...StashAppliedFields }, { additionalProperties: false }),
  errors: [
    ...SESSION_ERRORS,
    ...EXPECTED_HEAD_ERRORS,
    ...LOCK_ERRORS,
    "session_required",
    "stash_not_found",
    "worktree_dirty",
    "index_unmerged",
    "disk_full",
  ],
  examples: [{ title: "The newest", input: { session: EXAMPLE_SESSION, stash: "0" } }],
  route: { method: "POST", path: "/repos/:repo/stash/:stash/apply", ifMatch: "expectedOid" },
  async run({ session: id, stash, index = false, expectedOid }, { repository, sessions }) {
    return await sessions.writing(
      repository,
      id,
      async (session) => {
        const { git, view } = session;
        const oid = await findStash(session, stash);
        const { conflictingPaths } = await git.worktree.stashApply(view, oid, { index });
        return { id: oid, conflictingPaths: [...conflictingPaths] };
      },
      { expectedHead: expectedOid },
    );
  },
});
