import { RepositoryField, Type } from "../../contract/fields.ts";
import { DiffStatField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { resolveSides, SIDES } from "./diff-sides.ts";

/** Counts the lines that were added and removed in each file. */
export const diffStats = defineOperation({
  name: "diffStats",
  summary: "Count changed lines",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, ...SIDES }, { additionalProperties: false }),
  output: DiffStatField,
  errors: ["revision_not_found"],
  examples: [{ title: "The last commit of main", input: { left: "main~1", right: "main" } }],
  async *run({ left, right }, { repository }) {
    const sides = await resolveSides(repository, { left, right });
    yield* repository.git.diff.stats(repository.view, sides.left, sides.right);
  },
});
