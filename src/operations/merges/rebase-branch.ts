import { ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { signerFor, signFields } from "../commits/signer.ts";
import { writerOf } from "../commits/writer-of.ts";
import { resolveCommit } from "../history/resolve-commit.ts";
import { BRANCH_ERRORS, branchFields, changeBranch } from "./change-branch.ts";
import { defaultSteps, replay, StepsField } from "./rebase-steps.ts";

/** Replays a branch onto another commit, all of it or as a list says. A commit that does not apply changes nothing. */
export const rebaseBranch = defineOperation({
  name: "rebaseBranch",
  summary: "Rebase a branch",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      ...branchFields,
      onto: RevField("What the branch shall begin at"),
      steps: Maybe(StepsField),
      ...signFields,
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      branch: ByteStringField("The branch"),
      commit: OidField("What it points to now"),
      oldOid: OidField("What it pointed to before"),
    },
    { additionalProperties: false },
  ),
  errors: [...BRANCH_ERRORS, "merge_conflict", "signing_key_missing"],
  examples: [{ title: "A branch onto itself: nothing to do", input: { branch: "main", onto: "main" } }],
  tool: {
    destructive: true,
    advice: "The branch's commits are made anew on another base; preview_rebase tells beforehand.",
  },
  route: { method: "POST", path: "/repos/:repo/rebase", ifMatch: "expectedOid" },
  async run(input, ctx) {
    const { repository } = ctx;
    const { git, view } = repository;
    const signer = signerFor(ctx, input.sign);
    const rebased = await changeBranch(ctx, input, async ({ tip }, quarantine) => {
      const onto = await resolveCommit(repository, input.onto, "onto");
      // Where nothing is asked of the commits, a branch that begins there already stays as it is.
      if (input.steps === undefined && (await git.history.isAncestor(view, onto, tip))) return { newOid: tip };
      const steps = input.steps ?? (await defaultSteps(repository, onto, tip));
      const committer = commitIdentity(await writerOf(ctx), resolveMoment(undefined, ctx.clock));
      return { newOid: await replay(repository, quarantine, onto, steps, committer, ctx.signal, signer) };
    });
    return { branch: rebased.reference.slice(REFS_HEADS.length), commit: rebased.newOid, oldOid: rebased.tip };
  },
});
