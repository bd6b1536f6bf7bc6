import { Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf, RevField } from "../../contract/management-nouns.ts";
import { DiffStatField } from "../../contract/nouns.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { DiffStat } from "../../domain/diff.ts";
import { EMPTY_TREE, type Oid } from "../../domain/oid.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { resolveCommit } from "./resolve-commit.ts";

const COMMITS_MAX = 250;
const COUNT_MAX = 100_000;

const Output = Type.Object(
  {
    from: OidField("The commit that is compared with"),
    to: OidField("The commit that is compared"),
    mergeBase: Maybe(OidField("Their best common ancestor; absent where they have none")),
    ahead: Type.Integer({ description: `Commits that only \`to\` has, counted up to ${COUNT_MAX}` }),
    behind: Type.Integer({ description: `Commits that only \`from\` has, counted up to ${COUNT_MAX}` }),
    commits: Type.Array(CommitInfoField, { description: `What only \`to\` has, newest first, up to ${COMMITS_MAX}` }),
    files: Type.Array(DiffStatField, { description: "What changed in files since the merge base" }),
    additions: Type.Integer({ description: "Lines added in all" }),
    deletions: Type.Integer({ description: "Lines removed in all" }),
  },
  { additionalProperties: false },
);

/** Tells what a branch has that another has not: its commits, and its changes since they parted, as a review shows them. */
export const compareCommits = defineOperation({
  name: "compareCommits",
  summary: "Compare two commits",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, from: RevField("What is compared with"), to: RevField("What is compared") },
    { additionalProperties: false },
  ),
  output: Output,
  errors: ["revision_not_found"],
  examples: [{ title: "The last commit", input: { from: "main~1", to: "main" } }],
  tool: { advice: "What a branch has that another has not: commits and files, from where they parted." },
  route: { method: "GET", path: "/repos/:repo/compare" },
  async run(input, { repository }): Promise<Static<typeof Output>> {
    const { git, view, objectFormat } = repository;
    const [from, to] = await repository.consistently(() =>
      Promise.all([resolveCommit(repository, input.from, "from"), resolveCommit(repository, input.to, "to")]),
    );
    const [mergeBase] = await git.history.mergeBases(view, from, to);
    const [ahead, behind] = await Promise.all([only(repository, to, from), only(repository, from, to)]);
    const reader = await CommitReader.open(repository);
    const commits = await reader.readMany(ahead.slice(0, COMMITS_MAX));
    const files: DiffStat[] = [];
    for await (const batch of git.diff.stats(view, mergeBase ?? EMPTY_TREE[objectFormat], to)) files.push(...batch);
    return {
      from,
      to,
      ...(mergeBase !== undefined && { mergeBase }),
      ahead: ahead.length,
      behind: behind.length,
      commits: commits.filter((commit) => commit !== undefined).map(commitInfoOf),
      files,
      additions: files.reduce((sum, { additions }) => sum + additions, 0),
      deletions: files.reduce((sum, { deletions }) => sum + deletions, 0),
    };
  },
});

/** Commits that one has and the other has not, newest first. */
async function only({ git, view }: OpenRepository, has: Oid, lacks: Oid): Promise<Oid[]> {
  const oids: Oid[] = [];
  const walk = git.history.log(view, { revisions: [has, `^${lacks}`], limit: COUNT_MAX });
  for await (const batch of walk) oids.push(...batch);
  return oids;
}
