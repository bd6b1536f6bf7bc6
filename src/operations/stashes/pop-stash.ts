import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION, LOCK_ERRORS, MaybeSessionField, SESSION_ERRORS } from "../sessions/session-fields.ts";
import { findStash, StashAppliedFields, StashNameField } from "./stash-fields.ts";
import { EXPECTED_HEAD_ERRORS, ExpectedHeadField } from "../sessions/expect-session.ts";

/** Applies a stash to a session's worktree, and drops it unless files conflict. */
export const popStash = defineOperation({
  name: "popStash",
  summary: "Apply a stash and drop it",
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
  output: Type.Object(
    {
      ...StashAppliedFields,
      isDropped: Type.Boolean({ json: "dropped", description: "Is the stash gone? It stays where files conflict" }),
    },
    { additionalProperties: false },
  ),
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
  route: { method: "POST", path: "/repos/:repo/stash/:stash/pop", ifMatch: "expectedOid" },
  async run({ session: id, stash, index = false, expectedOid }, { repository, sessions }) {
    return await sessions.writing(
      repository,
      id,
      async (session) => {
        const { git, view } = session;
        const oid = await findStash(session, stash);
        const { conflictingPaths } = await git.worktree.stashApply(view, oid, { index });
        const isDropped = conflictingPaths.length === 0;
        // What it held is on disk by now.
        if (isDropped) await git.worktree.stashDrop(view, oid);
        return { id: oid, conflictingPaths: [...conflictingPaths], isDropped };
      },
      { expectedHead: expectedOid },
    );
  },
});
