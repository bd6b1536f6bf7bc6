import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { BRANCH_ERRORS } from "./change-branch.ts";
import { takeCommit, Taken, takeFields } from "./take-commit.ts";

/** Applies the change of a commit on a branch, with its author and message. A merge commit is taken against its first parent. */
export const pickCommit = defineOperation({
  name: "pickCommit",
  summary: "Cherry-pick a commit onto a branch",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Type.Object(takeFields, { additionalProperties: false }),
  output: Taken,
  errors: [...BRANCH_ERRORS, "object_not_found", "merge_conflict", "changes_already_applied", "signing_key_missing"],
  examples: [{ title: "What the branch has already", input: { sha: "main", branch: "main" } }],
  route: { method: "POST", path: "/repos/:repo/commits/:sha/cherry-pick", ifMatch: "expectedOid" },
  run: (input, ctx) => takeCommit(ctx, input, "pick"),
});
