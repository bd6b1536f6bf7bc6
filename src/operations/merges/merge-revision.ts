import {
  BytesField,
  ByteStringField,
  Maybe,
  OidField,
  RepositoryField,
  type Static,
  Type,
} from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import type { Context, OpenRepository, Quarantine } from "../../contract/context.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { commitIdentity, PersonField, resolveMoment } from "../commits/person-fields.ts";
import { signerFor, signFields } from "../commits/signer.ts";
import { writeCommit } from "../commits/write-commit.ts";
import { writerOf } from "../commits/writer-of.ts";
import { resolveCommit } from "../history/resolve-commit.ts";
import { BRANCH_ERRORS, branchFields, changeBranch, type FoundBranch } from "./change-branch.ts";
import { conflictSides } from "./conflict-sides.ts";
import { ResultField, StrategyField } from "./merge-fields.ts";
import { planMerge } from "./plan-merge.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    ...branchFields,
    rev: RevField("What is merged into the branch"),
    strategy: StrategyField,
    message: Maybe(BytesField("Message of the merge commit; as git words it when absent")),
    author: Maybe(PersonField),
    ...signFields,
  },
  { additionalProperties: false },
);

/** Merges a revision into a branch. A merge that conflicts changes nothing; previewMerge tells its three sides. */
export const mergeRevision = defineOperation({
  name: "mergeRevision",
  summary: "Merge into a branch",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object(
    {
      result: ResultField,
      branch: ByteStringField("The branch"),
      commit: OidField("What it points to now"),
      oldOid: OidField("What it pointed to before"),
    },
    { additionalProperties: false },
  ),
  errors: [...BRANCH_ERRORS, "merge_conflict", "non_fast_forward", "signing_key_missing"],
  examples: [{ title: "A branch into itself: nothing to do", input: { branch: "main", rev: "main" } }],
  tool: { advice: "preview_merge tells beforehand whether files conflict." },
  route: { method: "POST", path: "/repos/:repo/merge", ifMatch: "expectedOid" },
  async run(input, ctx) {
    const { strategy = "auto" } = input;
    const merged = await changeBranch(ctx, input, async (found, quarantine) => {
      const theirs = await resolveCommit(ctx.repository, input.rev, "rev");
      const plan = await planMerge(ctx.repository, quarantine, {
        ours: found.tip,
        theirs,
        strategy,
        reference: found.reference,
      });
      switch (plan.result) {
        case "up-to-date":
          return { result: plan.result, newOid: found.tip };
        case "fast-forward":
          return { result: plan.result, newOid: theirs };
        case "conflict":
          throw await conflictError(ctx.repository, plan.conflictingPaths, found.tip, theirs);
        case "merge":
        case "squash":
          return { result: plan.result, newOid: await writeMerge(ctx, quarantine, found, { ...plan, theirs }, input) };
      }
    });
    const { result, reference, newOid, tip } = merged;
    return { result, branch: reference.slice(REFS_HEADS.length), commit: newOid, oldOid: tip };
  },
});

/** Tells of each path what it is on the three sides, as the preview of the merge does. */
async function conflictError(
  repository: OpenRepository,
  conflictingPaths: readonly GitPath[],
  ours: Oid,
  theirs: Oid,
): Promise<OperationError> {
  const [base] = await repository.git.history.mergeBases(repository.view, ours, theirs);
  const conflicts = await conflictSides(repository, conflictingPaths, { base, ours, theirs });
  return new OperationError("merge_conflict", { conflictingPaths, commitOids: [ours, theirs], conflicts });
}

async function writeMerge(
  ctx: Context,
  { view }: Quarantine,
  { tip, reference }: FoundBranch,
  { result, tree, theirs }: { readonly result: "merge" | "squash"; readonly tree: Oid; readonly theirs: Oid },
  { rev, message, author, sign }: Static<typeof Input>,
): Promise<Oid> {
  const time = resolveMoment(undefined, ctx.clock);
  const writer = await writerOf(ctx);
  const branch = reference.slice(REFS_HEADS.length);
  const words = result === "squash" ? `Squashed commit of ${rev}\n` : `Merge ${rev} into ${branch}\n`;
  return writeCommit(
    ctx.repository,
    view,
    {
      treeOid: tree,
      parentOids: result === "squash" ? [tip] : [tip, theirs],
      author: commitIdentity(author ?? writer, time),
      committer: commitIdentity(writer, time),
      message: message ?? Buffer.from(words, "latin1"),
    },
    signerFor(ctx, sign),
  );
}
