import { Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf, PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { strictPath } from "../files/strict-path.ts";
import { resolveCommit } from "./resolve-commit.ts";

const LineField = (description: string) => Maybe(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description }));

const Range = Type.Object(
  {
    commit: OidField("The commit that the lines came with"),
    line: Type.Integer({ description: "First line, from 1" }),
    lineCount: Type.Integer({ description: "Lines" }),
    originalLine: Type.Integer({ description: "First line in that commit's file" }),
    originalPath: PathField("The file's path in that commit"),
    previousCommit: Maybe(OidField("Where the file was before that commit")),
    previousPath: Maybe(PathField("And what it was called")),
  },
  { additionalProperties: false, description: "Neighbouring lines that came with one commit" },
);

const Output = Type.Object(
  {
    oid: OidField("The commit that was looked at"),
    ranges: Type.Array(Range, { description: "In the order of the file" }),
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
      rev: Maybe(RevField("Revision; the default branch when absent")),
      path: PathField("Path of the file"),
      firstLine: LineField("First line to tell about; the first of the file when absent"),
      lastLine: LineField("Last line, itself included; the last of the file when absent"),
    },
    { additionalProperties: false },
  ),
  output: Output,
  errors: ["revision_not_found", "path_not_found", "invalid_path"],
  examples: [{ title: "The read-me", input: { rev: "main", path: "README.md" } }],
  route: { method: "GET", path: "/repos/:repo/blame" },
  async run({ rev = "HEAD", path, firstLine, lastLine }, { repository }) {
    const { git, view } = repository;
    const commit = await resolveCommit(repository, rev);
    const ranges: Static<typeof Range>[] = [];
    const query = {
      commit,
      path: strictPath(path),
      ...(firstLine !== undefined && { firstLine }),
      ...(lastLine !== undefined && { lastLine }),
    };
    for await (const batch of git.history.blame(view, query)) {
      for (const { commitOid, finalLine, originalLine, lineCount, originalPath, previous } of batch) {
        ranges.push({
          commit: commitOid,
          line: finalLine,
          lineCount,
          originalLine,
          originalPath,
          ...(previous !== undefined && { previousCommit: previous.commitOid, previousPath: previous.path }),
        });
      }
    }
    const reader = await CommitReader.open(repository);
    const commits = await reader.readMany([...new Set(ranges.map((range) => range.commit))]);
    return { oid: commit, ranges, commits: commits.filter((each) => each !== undefined).map(commitInfoOf) };
  },
});
