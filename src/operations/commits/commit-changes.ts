import type { Context, Quarantine } from "../../contract/context.ts";
import { ByteStringField, BytesField, Maybe, OidField, type Static, Type } from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { OperationError } from "../../domain/errors.ts";
import { withNewline } from "../../domain/line-endings.ts";
import { isZeroOid, type Oid, zeroOid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { branchReference } from "../references/branch-reference.ts";
import { FileTree } from "./file-tree.ts";
import { commitIdentity, PersonField, resolveMoment } from "./person-fields.ts";
import { onBranch } from "./on-branch.ts";
import { readCommit } from "./read-commit.ts";
import { signerFor, signFields } from "./signer.ts";
import { writeCommit } from "./write-commit.ts";
import { writerOf } from "./writer-of.ts";

/** What every operation is told that makes a commit from changes to files. */
export const changeFields = {
  branch: Maybe(ByteStringField("Branch to commit to; the default branch when absent")),
  message: BytesField("Message of the commit; a newline at its end is added"),
  author: Maybe(PersonField),
  from: Maybe(RevField("Where a branch that does not exist yet begins")),
  ...signFields,
};

/** The commit that an operation has made. */
export const committedFields = {
  commit: OidField("The new commit"),
  branch: ByteStringField("The branch it stands on"),
  branchCreated: Type.Boolean({ description: "The branch was not there before" }),
};

export const Committed = Type.Object(committedFields, { additionalProperties: false, title: "Committed" });

interface Change {
  readonly branch?: string;
  readonly message: Uint8Array;
  readonly author?: Static<typeof PersonField>;
  readonly from?: string;
  readonly sign?: boolean;
}

/** The state of a branch that changes are made to. */
export interface ChangedBranch {
  readonly tree: FileTree;
  readonly quarantine: Quarantine;
  /** The branch's commit; undefined for the first one. */
  readonly tip: Oid | undefined;
}

/**
 * Makes one commit on a branch from what `edit` does to its files. Where the branch moves meanwhile the change is made again on what it is
 * then, so `edit` checks there what it expects. Throws `reference_not_found` for a branch that is missing in a repository that has others, and
 * nothing says where it begins; `reference_mismatch` at once where the branch is not at `expectedOid`, if that is given.
 */
export async function commitChanges(
  ctx: Context,
  change: Change,
  edit: (branch: ChangedBranch) => Promise<void>,
  expectedOid?: Oid,
): Promise<Static<typeof Committed>> {
  const reference = await branchReference(ctx, change.branch);
  return onBranch(ctx, reference, expectedOid, () => attemptChange(ctx, change, reference, edit, expectedOid));
}

async function attemptChange(
  ctx: Context,
  change: Change,
  reference: string,
  edit: (branch: ChangedBranch) => Promise<void>,
  expected: Oid | undefined,
): Promise<Static<typeof Committed>> {
  const { repository } = ctx;
  const { git } = repository;
  const signer = signerFor(ctx, change.sign);
  const quarantine = await repository.quarantine();
  const tip = await repository.consistently(() => git.refs.read(repository.view, reference));
  const actual = tip?.oid ?? zeroOid(repository.objectFormat);
  if (expected !== undefined && expected !== actual)
    throw new OperationError("reference_mismatch", { reference, expected, actual });
  const parentOid = tip?.oid ?? (await startOf(ctx, reference, change.from));
  const parent = parentOid === undefined ? undefined : await readCommit(git, quarantine.view, parentOid);
  const tree = new FileTree(git.objects, quarantine.view, parent?.treeOid);
  await edit({ tree, quarantine, tip: parentOid });
  const treeOid = await git.objects.editTree(quarantine.view, parent?.treeOid, tree.edits());
  const time = resolveMoment(undefined, ctx.clock);
  const writer = await writerOf(ctx);
  const parts = {
    treeOid,
    parentOids: parentOid === undefined ? [] : [parentOid],
    author: commitIdentity(change.author ?? writer, time),
    committer: commitIdentity(writer, time),
    message: withNewline(change.message),
  };
  const commit = await writeCommit(repository, quarantine.view, parts, signer);
  await repository.updateRefs({
    changes: [{ name: reference, newOid: commit, expectedOid: actual }],
    quarantine,
    hooks: "receive",
  });
  return { commit, branch: reference.slice(REFS_HEADS.length), branchCreated: isZeroOid(actual) };
}

/** The commit that a new branch begins at; undefined in a repository that has no branch at all. */
async function startOf({ repository }: Context, reference: string, from: string | undefined): Promise<Oid | undefined> {
  const { git, view } = repository;
  if (from !== undefined) {
    const oid = await git.objects.resolve(view, from, "commit");
    if (oid === undefined) throw new OperationError("revision_not_found", { revision: from });
    return oid;
  }
  for await (const batch of git.refs.list(view, { prefixes: [REFS_HEADS], peel: false })) {
    if (batch.length > 0) throw new OperationError("reference_not_found", { reference });
  }
  return undefined;
}
