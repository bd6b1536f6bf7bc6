import { ByteStringField, Maybe, OidField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import { isZeroOid, zeroOid } from "../../domain/oid.ts";
import { problemOfRefName, REFS_HEADS } from "../../domain/reference.ts";
import { EXAMPLE_SESSION, orNull, SESSION_ERRORS, SessionPlaceFields, shortBranch } from "./session-fields.ts";
import { ExpectedHeadField } from "./expect-session.ts";

/**
 * Moves a session's branch to its head, if the branch is still where the session found it. Moved meanwhile is `reference_mismatch` with both ids;
 * the session stays as it is, and can be pushed to another branch.
 */
export const pushSession = defineOperation({
  name: "pushSession",
  summary: "Push a worktree session to its branch",
  kind: "write",
  shape: "call",
  access: "write",
  needsCredentials: true,
  target: "repository",
  input: Type.Object(
    {
      ...SessionPlaceFields,
      branch: Maybe(ByteStringField("A new branch to make instead; the session's own stays as it is")),
      expectedOid: ExpectedHeadField,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      branch: ByteStringField("The branch, without refs/heads/"),
      oldOid: Type.Union([OidField("What it was"), Type.Null()], {
        json: "old",
        description: "The branch's commit before; null: it was not there",
      }),
      newOid: Type.Union([OidField("What it is now"), Type.Null()], {
        json: "new",
        description: "The branch's commit now; null: neither session nor branch has one",
      }),
    },
    { additionalProperties: false },
  ),
  errors: [
    ...SESSION_ERRORS,
    "invalid_object_id",
    "invalid_reference_name",
    "reference_mismatch",
    "reference_name_conflict",
    "reference_protected",
    "references_locked",
    "hook_rejected",
  ],
  examples: [{ title: "To its branch", input: { session: EXAMPLE_SESSION } }],
  tool: {
    isDefault: true,
    idempotent: true,
    advice:
      "Moves the session's branch to what has been committed. Where the branch has moved meanwhile nothing is lost: it says so, and the commits stay in the session.",
  },
  route: { method: "POST", path: "/repos/:repo/sessions/:session/push", ifMatch: "expectedOid" },
  async run({ session: id, branch, expectedOid }, { repository, sessions }) {
    return await sessions.writing(
      repository,
      id,
      async (session) => {
        const { branch: own, baseOid, headOid } = session.info;
        const name = branch === undefined ? own : REFS_HEADS + branch;
        const problem = problemOfRefName(name);
        if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [name], problem });
        const expectedBranch = name === own ? baseOid : zeroOid(repository.objectFormat);
        const moved = { branch: shortBranch(name), oldOid: orNull(expectedBranch), newOid: orNull(headOid) };
        if (isZeroOid(headOid)) return moved;
        try {
          // Also where nothing is to be moved: whether the branch is still there is what the caller asks.
          await repository.updateRefs({
            changes: [{ name, newOid: headOid, expectedOid: expectedBranch }],
            hooks: "receive",
          });
        } catch (error) {
          // A server that was killed in between has moved it already.
          if (!hasReason(error, "reference_mismatch") || error.details.actual !== headOid) throw error;
        }
        if (name === own) await session.agreed(headOid);
        return moved;
      },
      { changes: "history", expectedHead: expectedOid },
    );
  },
});
