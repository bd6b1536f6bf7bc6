import type { Context } from "../../contract/context.ts";
import {
  ByteStringField,
  BytesField,
  Maybe,
  OidField,
  RepositoryField,
  type Static,
  Type,
} from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { type Commit, parseCommit, rawHeader } from "../../domain/commit.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { readCommit } from "../commits/read-commit.ts";
import { signerFor, signFields } from "../commits/signer.ts";
import { writeCommit } from "../commits/write-commit.ts";
import { writerOf } from "../commits/writer-of.ts";
import { resolveCommit } from "../history/resolve-commit.ts";
import { branchFields, changeBranch } from "./change-branch.ts";
import { cleanTree } from "./clean-tree.ts";

/** What reverting and cherry-picking a commit are told. */
export const takeFields = {
  repository: RepositoryField,
  sha: RevField("The commit: an id, or any revision"),
  ...branchFields,
  message: Maybe(BytesField("Message of the new commit; as git words it when absent")),
  ...signFields,
};

export const Taken = Type.Object(
  {
    commit: OidField("The new commit"),
    branch: ByteStringField("The branch it stands on"),
    oldOid: OidField("What the branch pointed to before"),
  },
  { additionalProperties: false, title: "BranchMove" },
);

interface TakeInput {
  readonly sha: string;
  readonly branch?: string;
  readonly expectedOid?: Oid;
  readonly message?: Uint8Array;
  readonly sign?: boolean;
}

/** Applies the change of a commit, or its opposite, on a branch. Throws `merge_conflict`, `changes_already_applied`. */
export async function takeCommit(
  ctx: Context,
  input: TakeInput,
  how: "pick" | "revert",
): Promise<Static<typeof Taken>> {
  const { repository } = ctx;
  const { git } = repository;
  const signer = signerFor(ctx, input.sign);
  const taken = await changeBranch(ctx, input, async ({ tip }, quarantine) => {
    const { view } = quarantine;
    const oid = await resolveCommit(repository, input.sha, "sha");
    const object = await git.objects.read(view, oid);
    if (object === undefined) throw new OperationError("object_not_found", { oid });
    const commit = parseCommit(oid, object.content);
    const parent = commit.parentOids[0];
    // The empty tree need not be stored anywhere, so it is written before it is merged with.
    const before =
      (parent === undefined ? undefined : (await readCommit(git, view, parent))?.treeOid) ??
      (await git.objects.write(view, "tree", new Uint8Array()));
    const merge =
      how === "pick"
        ? await git.merge.mergeTrees(view, before, tip, oid)
        : await git.merge.mergeTrees(view, oid, tip, before);
    const treeOid = cleanTree(merge, [tip, oid]);
    if (treeOid === (await readCommit(git, view, tip))?.treeOid)
      throw new OperationError("changes_already_applied", {});
    const writer = commitIdentity(await writerOf(ctx), resolveMoment(undefined, ctx.clock));
    const newOid = await writeCommit(
      repository,
      view,
      {
        treeOid,
        parentOids: [tip],
        author: how === "pick" ? (rawHeader(object.content, "author") ?? writer) : writer,
        committer: writer,
        message: input.message ?? (how === "pick" ? commit.message : revertMessage(commit)),
      },
      signer,
    );
    return { newOid };
  });
  return { commit: taken.newOid, branch: taken.reference.slice(REFS_HEADS.length), oldOid: taken.tip };
}

/** As `git revert` words it. */
function revertMessage({ oid, message }: Commit): Uint8Array {
  const end = message.indexOf(0x0a);
  const subject = end < 0 ? message : message.subarray(0, end);
  return Buffer.concat([Buffer.from('Revert "'), subject, Buffer.from(`"\n\nThis reverts commit ${oid}.\n`)]);
}
