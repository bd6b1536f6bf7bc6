import { Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { cleanIdentityPart, type Person } from "../../domain/format-identity.ts";
import type { Commit } from "../../domain/commit.ts";
import { PersonField, commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { signerFor } from "../commits/signer.ts";
import { writeCommit } from "../commits/write-commit.ts";
import { cleanTree } from "./clean-tree.ts";
import { PickOutput, pickFields } from "./pick-fields.ts";
import { finishPick, startPick } from "./start-pick.ts";

const Input = Type.Object({ ...pickFields, author: Maybe(PersonField) }, { additionalProperties: false });

/** Applies the change of a commit on a branch. A merge commit is taken against its first parent. */
export const cherryPick = defineOperation({
  name: "cherryPick",
  summary: "Cherry-pick a commit",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: PickOutput,
  errors: [
    "revision_not_found",
    "commit_not_pickable",
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
      title: "The tip of the branch itself has nothing to add",
      input: {
        commit: "main",
        branch: "main",
        message: Buffer.from("Again\n"),
        committer: { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") },
      },
    },
  ],
  async run(input, ctx) {
    const { git } = ctx.repository;
    const committer = commitIdentity(input.committer, resolveMoment(input.moment, ctx.clock));
    const pick = await startPick(ctx, input);
    const { view } = pick.quarantine;
    if (pick.parentTree === undefined) throw new OperationError("commit_not_pickable", { oid: pick.commit.oid });
    const merge = await git.merge.mergeTrees(view, pick.parentTree, pick.startOid, pick.commit.oid);
    const treeOid = cleanTree(merge, [pick.startOid, pick.commit.oid]);
    if (treeOid === pick.startTree) throw new OperationError("changes_already_applied", {});
    const commitOid = await writeCommit(
      ctx.repository,
      view,
      {
        treeOid,
        parentOids: [pick.startOid],
        author: input.author === undefined ? (pick.rawAuthor ?? committer) : authorAt(input.author, pick.commit),
        committer,
        message: input.message,
      },
      signerFor(ctx, undefined),
    );
    return finishPick(ctx, input, pick, commitOid);
  },
});

/** Another author, at the time of the original. */
function authorAt(person: Person, { author }: Commit): Uint8Array {
  const name = cleanIdentityPart(person.name);
  const email = cleanIdentityPart(person.email);
  if (name.length === 0 || email.length === 0)
    throw new OperationError("invalid_identity", { problem: "empty name or email" });
  return Buffer.concat([name, Buffer.from(" <"), email, Buffer.from(`> ${author.seconds} ${author.timezone}`)]);
}
