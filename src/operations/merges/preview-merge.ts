import { OidField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { resolveCommit } from "../history/resolve-commit.ts";
import { ConflictField, conflictSides } from "./conflict-sides.ts";
import { planMerge } from "./plan-merge.ts";

/** Tells what a merge would do, without writing anything. */
export const previewMerge = defineOperation({
  name: "previewMerge",
  summary: "Preview a merge",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, into: RevField("What is merged into"), rev: RevField("What is merged") },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      result: Type.Union([
        Type.Literal("up-to-date"),
        Type.Literal("fast-forward"),
        Type.Literal("merge"),
        Type.Literal("conflict"),
      ]),
      ours: OidField("The commit that is merged into"),
      theirs: OidField("The commit that is merged"),
      mergeBase: Maybe(OidField("Their best common ancestor; absent where they have none")),
      conflicts: Type.Array(ConflictField),
    },
    { additionalProperties: false },
  ),
  errors: ["revision_not_found"],
  examples: [{ title: "A branch into itself", input: { into: "main", rev: "main" } }],
  route: { method: "GET", path: "/repos/:repo/merge/preview" },
  async run(input, { repository }) {
    const { git, view } = repository;
    const [ours, theirs] = await repository.consistently(() =>
      Promise.all([resolveCommit(repository, input.into, "into"), resolveCommit(repository, input.rev, "rev")]),
    );
    const [mergeBase] = await git.history.mergeBases(view, ours, theirs);
    const quarantine = await repository.quarantine();
    const plan = await planMerge(repository, quarantine, { ours, theirs, strategy: "auto", reference: "" });
    if (plan.result === "squash") throw new OperationError("internal", { what: "a preview never squashes" });
    const paths = plan.result === "conflict" ? plan.conflictingPaths : [];
    const conflicts = await conflictSides(repository, paths, { base: mergeBase, ours, theirs });
    return { result: plan.result, ours, theirs, ...(mergeBase !== undefined && { mergeBase }), conflicts };
  },
});
