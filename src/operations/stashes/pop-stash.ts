import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { EXAMPLE_SESSION } from "../sessions/session-fields.ts";
import { applyNamed, STASH_APPLY_ERRORS, StashAppliedFields, StashToApplyFields } from "./stash-fields.ts";

/** Applies a stash to a session's worktree, and drops it unless files conflict. */
export const popStash = defineOperation({
  name: "popStash",
  summary: "Apply a stash and drop it",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(StashToApplyFields, { additionalProperties: false }),
  output: Type.Object(
    {
      ...StashAppliedFields,
      isDropped: Type.Boolean({ json: "dropped", description: "Is the stash gone? It stays where files conflict" }),
    },
    { additionalProperties: false },
  ),
  errors: [...STASH_APPLY_ERRORS],
  examples: [{ title: "The newest", input: { session: EXAMPLE_SESSION, stash: "0" } }],
  route: { method: "POST", path: "/repos/:repo/stash/:stash/pop", ifMatch: "expectedOid" },
  async run({ session: id, stash, index = false, expectedOid }, { repository, sessions }) {
    return await sessions.writing(
      repository,
      id,
      async (session) => {
        const applied = await applyNamed(session, stash, index);
        const isDropped = applied.conflictingPaths.length === 0;
        // What it held is on disk by now.
        if (isDropped) await session.git.worktree.stashDrop(session.view, applied.id);
        return { ...applied, isDropped };
      },
      { expectedHead: expectedOid },
    );
  },
});
