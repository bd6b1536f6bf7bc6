import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { BRANCH_ERRORS } from "./change-branch.ts";
import { takeCommit, Taken, takeFields } from "./take-commit.ts";

/** Takes a commit back on a branch by a new one. A merge commit is undone back to its first parent. */
export const revertCommit = defineOperation({
  name: "revertCommit",
  summary: "Revert a commit",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Type.Object(takeFields, { additionalProperties: false }),
  output: Taken,
  errors: [...BRANCH_ERRORS, "object_not_found", "merge_conflict", "changes_already_applied", "signing_key_missing"],
  examples: [{ title: "The newest commit", input: { sha: "main" } }],
  route: { method: "PATCH", path: "/repos/:repo/commits/:sha/revert", ifMatch: "expectedOid" },
  graphql: "revertOnBranch",
  run: (input, ctx) => takeCommit(ctx, input, "revert"),
});
