import { Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf, PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { strictPath } from "../files/strict-path.ts";
import { lastCommits } from "./last-commits.ts";
import { resolveCommit } from "./resolve-commit.ts";

const PATHS_MAX = 1000;

/** Finds the newest commit that changed each of several files or folders, in one walk. */
export const findLastCommits = defineOperation({
  name: "findLastCommits",
  summary: "Find the last commit of each of several paths",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      rev: Maybe(RevField("Revision; the default branch when absent")),
      paths: Type.Array(PathField("File or folder"), { minItems: 1, maxItems: PATHS_MAX, json: "path" }),
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      commit: OidField("The commit that the walk began at"),
      items: Type.Array(
        Type.Object(
          { path: PathField(), commit: CommitInfoField },
          {
            additionalProperties: false,
            title: "LastCommit",
            description: "A path, and the commit that changed it last",
          },
        ),
        { description: "In the order that was asked for; each path once" },
      ),
    },
    { additionalProperties: false },
  ),
  errors: ["revision_not_found", "path_not_found", "invalid_path"],
  examples: [{ title: "A file and a folder", input: { rev: "main", paths: ["README.md", "docs"] } }],
  route: { method: "GET", path: "/repos/:repo/files/last-commits" },
  async run({ rev = "HEAD", paths }, { repository }) {
    const tip = await resolveCommit(repository, rev);
    const wanted = new Set(paths.map((path) => strictPath(path)));
    const found = await lastCommits(repository, tip, wanted);
    const reader = await CommitReader.open(repository);
    const oids = [...new Set(found.values())];
    const commits = new Map((await reader.readMany(oids)).map((commit, index) => [oids[index]!, commit]));
    const items = [...wanted].flatMap((path) => {
      const commit = commits.get(found.get(path) ?? "");
      return commit === undefined ? [] : [{ path, commit: commitInfoOf(commit) }];
    });
    return { commit: tip, items };
  },
});
