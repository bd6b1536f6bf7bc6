import { Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { CommitInfoField, commitInfoOf, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { hasReason } from "../../domain/errors.ts";
import { formatIdentity } from "../../domain/format-identity.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { readCommit } from "../commits/read-commit.ts";
import { resolveCommit } from "../history/resolve-commit.ts";
import { ConflictField, conflictSides } from "./conflict-sides.ts";
import { defaultSteps, replay } from "./rebase-steps.ts";

/** Nothing of a preview is kept, so nobody need stand for it. */
const NO_ONE = formatIdentity(
  { name: Buffer.from("preview"), email: Buffer.from("preview") },
  { seconds: 0, offsetMinutes: 0 },
);

const Output = Type.Object(
  {
    result: Type.Union([Type.Literal("up-to-date"), Type.Literal("clean"), Type.Literal("conflict")]),
    commits: Type.Array(CommitInfoField, { description: "What would be replayed, the first one first" }),
    conflict: Maybe(
      Type.Object(
        { commit: OidField("The commit that does not apply"), paths: Type.Array(ConflictField) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/** Tells which commits a rebase would replay and whether they apply, without writing anything. */
export const previewRebase = defineOperation({
  name: "previewRebase",
  summary: "Preview a rebase",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, rev: RevField("What is rebased"), onto: RevField("What it shall begin at") },
    { additionalProperties: false },
  ),
  output: Output,
  errors: ["revision_not_found"],
  examples: [{ title: "A branch onto itself", input: { rev: "main", onto: "main" } }],
  route: { method: "GET", path: "/repos/:repo/rebase/preview" },
  async run(input, { repository, signal }): Promise<Static<typeof Output>> {
    const { git, view } = repository;
    const [tip, onto] = await repository.consistently(() =>
      Promise.all([resolveCommit(repository, input.rev, "rev"), resolveCommit(repository, input.onto, "onto")]),
    );
    if (await git.history.isAncestor(view, onto, tip)) return { result: "up-to-date", commits: [] };
    const steps = await defaultSteps(repository, onto, tip);
    const reader = await CommitReader.open(repository);
    const read = await reader.readMany(steps.map(({ commit }) => commit));
    const commits = read.filter((commit) => commit !== undefined).map(commitInfoOf);
    const quarantine = await repository.quarantine();
    try {
      await replay(repository, quarantine, onto, steps, NO_ONE, signal);
      return { result: "clean", commits };
    } catch (error) {
      if (!hasReason(error, "merge_conflict")) throw error;
      const [ours, theirs] = error.details.commitOids as [string, string];
      const base = (await readCommit(git, quarantine.view, theirs))?.parentOids[0];
      const paths = await conflictSides({ git, view: quarantine.view }, error.details.conflictingPaths, {
        base,
        ours,
        theirs,
      });
      return { result: "conflict", commits, conflict: { commit: theirs, paths } };
    }
  },
});
