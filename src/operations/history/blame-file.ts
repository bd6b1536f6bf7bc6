import { OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { BlamedRangeField, blamedRangeOf, BlameFields, blameQueryOf } from "./blame-fields.ts";
import { resolveCommit } from "./resolve-commit.ts";

const Output = Type.Object(
  {
    oid: OidField("The commit that was looked at"),
    ranges: Type.Array(BlamedRangeField, { description: "In the order of the file" }),
    commits: Type.Array(CommitInfoField, { description: "The commits that ranges name, each once" }),
  },
  { additionalProperties: false },
);

/** Tells which commits the lines of a file came with. */
export const blameFile = defineOperation({
  name: "blameFile",
  summary: "Blame a file",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      ...BlameFields,
    },
    { additionalProperties: false },
  ),
  output: Output,
  errors: ["revision_not_found", "path_not_found", "invalid_path"],
  examples: [{ title: "The read-me", input: { rev: "main", path: "README.md" } }],
  route: { method: "GET", path: "/repos/:repo/blame" },
  async run({ rev = "HEAD", ...input }, { repository }) {
    const { git, view } = repository;
    const commit = await resolveCommit(repository, rev);
    const ranges: Static<typeof BlamedRangeField>[] = [];
    for await (const batch of git.history.blame(view, { commit, ...blameQueryOf(input) }))
      ranges.push(...batch.map(blamedRangeOf));
    const reader = await CommitReader.open(repository);
    const commits = await reader.readMany([...new Set(ranges.map((range) => range.commit))]);
    return { oid: commit, ranges, commits: commits.filter((each) => each !== undefined).map(commitInfoOf) };
  },
});
