import { BytesField, ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { MomentField, PersonField, commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { writeCommit } from "../commits/write-commit.ts";
import { cleanTree } from "./clean-tree.ts";
import { resolveSides, updateTarget } from "./target-ref.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    source: ByteStringField("Commit to merge"),
    firstParent: ByteStringField("Commit to merge into: the first parent"),
    targetRef: ByteStringField("Full name of the reference that shall point to the merge commit"),
    message: BytesField("Message, kept byte for byte"),
    committer: PersonField,
    moment: Maybe(MomentField),
    expectedOid: Maybe(OidField("What the target must point to")),
  },
  { additionalProperties: false },
);

/** Merges two commits and points a reference at the result; branches stay. No receive hooks run. */
export const mergeToRef = defineOperation({
  name: "mergeToRef",
  summary: "Merge two commits into a reference",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({ commitOid: OidField("The merge commit") }),
  errors: [
    "invalid_reference_name",
    "reference_is_symbolic",
    "revision_not_found",
    "invalid_object_id",
    "object_not_found",
    "invalid_identity",
    "merge_conflict",
    "reference_mismatch",
    "reference_name_conflict",
    "references_locked",
    "hook_rejected",
  ],
  examples: [
    {
      title: "A branch with itself",
      input: {
        source: "main",
        firstParent: "main",
        targetRef: "refs/merge-requests/1/merge",
        message: Buffer.from("Merge\n"),
        committer: { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") },
      },
    },
  ],
  async run(input, ctx) {
    const { repository } = ctx;
    const sides = await resolveSides(repository, input);
    const committer = commitIdentity(input.committer, resolveMoment(input.moment, ctx.clock));
    const quarantine = await repository.quarantine();
    const merge = await repository.git.merge.mergeCommits(quarantine.view, sides.firstParent, sides.source);
    const commitOid = await writeCommit(repository, quarantine.view, {
      treeOid: cleanTree(merge, [sides.firstParent, sides.source]),
      parentOids: [sides.firstParent, sides.source],
      author: committer,
      committer,
      message: input.message,
    });
    await updateTarget(
      repository,
      { name: input.targetRef, newOid: commitOid, expectedOid: sides.targetOid },
      quarantine,
    );
    return { commitOid };
  },
});
