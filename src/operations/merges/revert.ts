import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { signerFor } from "../commits/signer.ts";
import { writeCommit } from "../commits/write-commit.ts";
import { cleanTree } from "./clean-tree.ts";
import { PickOutput, pickFields } from "./pick-fields.ts";
import { finishPick, startPick } from "./start-pick.ts";

const Input = Type.Object(pickFields, { additionalProperties: false });

/** Undoes the change of a commit on a branch. A merge commit is undone back to its first parent, a root commit to nothing. */
export const revert = defineOperation({
  name: "revert",
  summary: "Revert a commit",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: PickOutput,
  errors: [
    "revision_not_found",
    "merge_conflict",
    "changes_already_applied",
    "not_ancestor",
    "invalid_identity",
    "invalid_object_id",
    "object_not_found",
    "invalid_reference_name",
    "reference_mismatch",
    "references_locked",
    "hook_rejected",
  ],
  examples: [
    {
      title: "The tip of a branch, in a dry run",
      input: {
        commit: "main",
        branch: "main",
        message: Buffer.from("Not that\n"),
        dryRun: true,
        committer: { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") },
      },
    },
  ],
  async run(input, ctx) {
    const { git } = ctx.repository;
    const committer = commitIdentity(input.committer, resolveMoment(input.moment, ctx.clock));
    const pick = await startPick(ctx, input);
    const { view } = pick.quarantine;
    // The empty tree need not be stored anywhere, so it is written before it is merged with.
    const before = pick.parentTree ?? (await git.objects.write(view, "tree", new Uint8Array()));
    const merge = await git.merge.mergeTrees(view, pick.commit.oid, pick.startOid, before);
    const treeOid = cleanTree(merge, [pick.startOid, pick.commit.oid]);
    if (treeOid === pick.startTree) throw new OperationError("changes_already_applied", {});
    const commitOid = await writeCommit(
      ctx.repository,
      view,
      {
        treeOid,
        parentOids: [pick.startOid],
        author: committer,
        committer,
        message: input.message,
      },
      signerFor(ctx, undefined),
    );
    return finishPick(ctx, input, pick, commitOid);
  },
});
