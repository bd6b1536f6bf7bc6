import { BytesField, ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { MomentField, PersonField, commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { signerFor } from "../commits/signer.ts";
import { writeCommit } from "../commits/write-commit.ts";
import { checkExpectedOid } from "../references/expected-oid.ts";
import { cleanTree } from "./clean-tree.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    branch: ByteStringField("Branch to merge into, without refs/heads/"),
    commit: ByteStringField("Commit to merge"),
    message: BytesField("Message, kept byte for byte"),
    committer: PersonField,
    moment: Maybe(MomentField),
    expectedOid: Maybe(OidField("What the branch must point to when the merge is applied")),
    squash: Maybe(Type.Boolean({ description: "One commit with one parent instead of a merge commit" })),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  commitOid: OidField("The merge commit"),
  applied: Type.Boolean({ description: "False in the first answer, true once the branch has moved" }),
});

/** The caller's answer to the first output: move the branch, or leave it. */
export interface MergeDecision {
  readonly apply: boolean;
}

/**
 * Merges a commit into a branch in two phases: makes the merge commit in a quarantine and names it, then waits for the
 * caller's decision and moves the branch. Until then nobody sees the commit.
 */
export const mergeBranch = defineOperation<typeof Input, typeof Output, "duplex", MergeDecision>({
  name: "mergeBranch",
  summary: "Merge a commit into a branch",
  kind: "write",
  shape: "duplex",
  access: "write",
  target: "repository",
  input: Input,
  output: Output,
  errors: [
    "reference_not_found",
    "revision_not_found",
    "invalid_object_id",
    "object_not_found",
    "invalid_identity",
    "merge_conflict",
    "merge_not_confirmed",
    "reference_mismatch",
    "references_locked",
    "hook_rejected",
  ],
  examples: [
    {
      title: "A branch that does not exist",
      input: {
        branch: "gone",
        commit: "main",
        message: Buffer.from("Merge\n"),
        committer: { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") },
      },
    },
  ],
  async *run(input, ctx, decisions) {
    const { repository } = ctx;
    const { git, view } = repository;
    const name = REFS_HEADS + input.branch;
    const [tip, theirs] = await repository.consistently(async () => [
      await git.refs.read(view, name),
      await git.objects.resolve(view, input.commit, "commit"),
    ]);
    if (tip === undefined) throw new OperationError("reference_not_found", { reference: name });
    const expectedOid = (await checkExpectedOid(repository, input.expectedOid)) ?? tip.oid;
    if (theirs === undefined) throw new OperationError("revision_not_found", { revision: input.commit });
    const time = resolveMoment(input.moment, ctx.clock);
    const committer = commitIdentity(input.committer, time);
    const quarantine = await repository.quarantine();
    const treeOid = cleanTree(await git.merge.mergeCommits(quarantine.view, tip.oid, theirs), [tip.oid, theirs]);
    const commitOid = await writeCommit(
      repository,
      quarantine.view,
      {
        treeOid,
        parentOids: input.squash === true ? [tip.oid] : [tip.oid, theirs],
        author: committer,
        committer,
        message: input.message,
      },
      signerFor(ctx, undefined),
    );
    yield { commitOid, applied: false };
    if (!(await nextDecision(decisions))) throw new OperationError("merge_not_confirmed", {});
    await repository.updateRefs({ changes: [{ name, newOid: commitOid, expectedOid }], quarantine, hooks: "receive" });
    yield { commitOid, applied: true };
  },
});

/** The caller's decision. Throws `invalid_input` when the stream ends without one. */
async function nextDecision(decisions: AsyncIterable<MergeDecision>): Promise<boolean> {
  const { value, done } = await decisions[Symbol.asyncIterator]().next();
  if (done === true)
    throw new OperationError("invalid_input", { field: "apply", problem: "the stream ended before a decision" });
  return value.apply;
}
