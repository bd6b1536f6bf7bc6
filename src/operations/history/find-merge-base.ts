import { OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { resolveCommit } from "./resolve-commit.ts";

/** Finds the best common ancestors of two commits, as `git merge-base --all`. */
export const findMergeBase = defineOperation({
  name: "findMergeBase",
  summary: "Find the merge base of two commits",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, from: RevField("One side"), to: RevField("The other side") },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      oids: Type.Array(OidField("A best common ancestor"), {
        description: "None of histories that have nothing in common",
      }),
    },
    { additionalProperties: false },
  ),
  errors: ["revision_not_found"],
  examples: [{ title: "A commit and its parent", input: { from: "main", to: "main~1" } }],
  route: { method: "GET", path: "/repos/:repo/merge-base" },
  async run({ from, to }, { repository }) {
    const { git, view } = repository;
    const [a, b] = await Promise.all([resolveCommit(repository, from, "from"), resolveCommit(repository, to, "to")]);
    return { oids: await git.history.mergeBases(view, a, b) };
  },
});
