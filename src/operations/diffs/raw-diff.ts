import { BytesField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { resolveSides, SIDES } from "./diff-sides.ts";

/** Compares two commits or trees and gives what `git diff --full-index` prints. */
export const rawDiff = defineOperation({
  name: "rawDiff",
  summary: "Compare two commits as git diff does",
  kind: "read",
  shape: "download",
  access: "read",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, ...SIDES }, { additionalProperties: false }),
  output: BytesField("A piece of the text"),
  errors: ["revision_not_found"],
  examples: [{ title: "The last commit of main", input: { left: "main~1", right: "main" } }],
  async *run({ left, right }, { repository }) {
    const sides = await resolveSides(repository, { left, right });
    yield* repository.git.diff.raw(repository.view, sides.left, sides.right);
  },
});
