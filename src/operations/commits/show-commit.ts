import { RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf, RevField } from "../../contract/management-nouns.ts";
import { DiffStatField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { DiffStat } from "../../domain/diff.ts";
import { OperationError } from "../../domain/errors.ts";
import { EMPTY_TREE } from "../../domain/oid.ts";
import { resolveCommit } from "../history/resolve-commit.ts";
import { CommitReader } from "./commit-reader.ts";
import { signatureState, SignatureStateField } from "./signature-state.ts";

const Output = Type.Object(
  {
    commit: CommitInfoField,
    files: Type.Array(DiffStatField, { description: "What changed since the first parent" }),
    additions: Type.Integer({ description: "Lines added in all" }),
    deletions: Type.Integer({ description: "Lines removed in all" }),
    signature: SignatureStateField,
  },
  { additionalProperties: false },
);

/** Shows a commit, with what it changed. */
export const showCommit = defineOperation({
  name: "showCommit",
  summary: "Show a commit",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, rev: RevField() }, { additionalProperties: false }),
  output: Output,
  errors: ["revision_not_found"],
  examples: [{ title: "The tip of main", input: { rev: "main" } }],
  tool: {
    isDefault: true,
    advice: "A commit with the files it changed; show_diff of its parent and itself shows the lines.",
  },
  route: { method: "GET", path: "/repos/:repo/commits/:rev" },
  async run({ rev }, ctx): Promise<Static<typeof Output>> {
    const { repository } = ctx;
    const { git, view, objectFormat } = repository;
    const oid = await resolveCommit(repository, rev);
    const [commit] = await (await CommitReader.open(repository)).readMany([oid]);
    if (commit === undefined) throw new OperationError("revision_not_found", { revision: rev });
    const files: DiffStat[] = [];
    const parent = commit.parentOids[0] ?? EMPTY_TREE[objectFormat];
    for await (const batch of git.diff.stats(view, parent, oid)) files.push(...batch);
    return {
      commit: commitInfoOf(commit),
      files,
      additions: files.reduce((sum, { additions }) => sum + additions, 0),
      deletions: files.reduce((sum, { deletions }) => sum + deletions, 0),
      signature: await signatureState(ctx, commit),
    };
  },
});
