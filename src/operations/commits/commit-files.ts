import {
  BytesField,
  ByteStringField,
  Maybe,
  OidField,
  RepositoryField,
  Type,
  type Static,
} from "../../contract/fields.ts";
import type { Context, OpenRepository, Quarantine } from "../../contract/context.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid, zeroOid, isZeroOid } from "../../domain/oid.ts";
import { REFS_HEADS, problemOfRefName } from "../../domain/reference.ts";
import { checkExpectedOid } from "../references/expected-oid.ts";
import { applyFileActions, type FileActionPart } from "./apply-file-actions.ts";
import { FileTree } from "./file-tree.ts";
import { MomentField, PersonField, commitIdentity, resolveMoment } from "./person-fields.ts";
import { readCommit } from "./read-commit.ts";
import { startingCommit } from "./starting-commit.ts";
import { signerFor } from "./signer.ts";
import { writeCommit } from "./write-commit.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    branch: ByteStringField("Branch to commit to, without refs/heads/"),
    message: BytesField("Message, kept byte for byte"),
    committer: PersonField,
    author: Maybe(PersonField),
    moment: Maybe(MomentField),
    startBranch: Maybe(ByteStringField("Branch whose tip is the parent")),
    startRepository: Maybe(RepositoryField),
    startOid: Maybe(OidField("Commit that is the parent; wins over startBranch")),
    force: Maybe(Type.Boolean({ description: "Move the branch even if its tip is not the parent" })),
    expectedOid: Maybe(OidField("What the branch must point to")),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  commitOid: OidField("The new commit"),
  branchCreated: Type.Boolean(),
  repositoryCreated: Type.Boolean({ description: "The repository had no branch before" }),
});

/** Makes one commit from a stream of file actions and moves a branch to it. */
export const commitFiles = defineOperation<typeof Input, typeof Output, "upload", FileActionPart>({
  name: "commitFiles",
  summary: "Commit changes to files on a branch",
  kind: "write",
  shape: "upload",
  access: "write",
  target: "repository",
  input: Input,
  output: Output,
  errors: [
    "invalid_path",
    "path_exists",
    "path_not_found",
    "invalid_identity",
    "invalid_object_id",
    "object_not_found",
    "invalid_reference_name",
    "revision_not_found",
    "reference_mismatch",
    "reference_name_conflict",
    "references_locked",
    "hook_rejected",
    "too_large",
  ],
  examples: [
    {
      title: "An empty commit",
      input: {
        branch: "main",
        message: Buffer.from("Nothing yet\n"),
        committer: { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") },
      },
    },
  ],
  async run(input, ctx, actions) {
    const { repository } = ctx;
    const reference = REFS_HEADS + input.branch;
    const quarantine = await repository.quarantine();
    const expectedOid = await checkExpectedOid(repository, input.expectedOid);
    const tip = await repository.consistently(() => repository.git.refs.read(repository.view, reference));
    const parentOid = await parentOf(ctx, quarantine, input, tip?.oid);
    const time = resolveMoment(input.moment, ctx.clock);
    // The author is judged first: its fields fall back to the committer's, so an empty one is the caller's mistake.
    const author = commitIdentity(input.author ?? input.committer, time);
    const committer = commitIdentity(input.committer, time);
    const parent = parentOid === undefined ? undefined : await readCommit(repository.git, quarantine.view, parentOid);
    const tree = new FileTree(repository.git.objects, quarantine.view, parent?.treeOid);
    await applyFileActions(ctx, quarantine, tree, actions);
    const treeOid = await repository.git.objects.editTree(quarantine.view, parent?.treeOid, tree.edits());
    const parents = parentOid === undefined ? [] : [parentOid];
    const parts = { treeOid, parentOids: parents, author, committer, message: input.message };
    const commitOid = await writeCommit(repository, quarantine.view, parts, signerFor(ctx, undefined));
    if (problemOfRefName(reference) !== undefined) throw invalidBranch(reference);
    const zero = zeroOid(repository.objectFormat);
    const repositoryCreated = tip === undefined && !(await hasBranch(repository));
    const oldOid = expectedOid ?? oldValue(input, tip?.oid, parentOid) ?? zero;
    await repository.updateRefs({
      changes: [{ name: reference, newOid: commitOid, expectedOid: oldOid }],
      quarantine,
      hooks: "receive",
    });
    return { commitOid, branchCreated: isZeroOid(oldOid), repositoryCreated };
  },
});

/** The value that the branch must have: its own tip when forced, else the parent of the new commit. */
function oldValue(input: Static<typeof Input>, tip: Oid | undefined, parentOid: Oid | undefined): Oid | undefined {
  return tip === undefined || input.force === true ? tip : parentOid;
}

async function parentOf(
  ctx: Context,
  quarantine: Quarantine,
  input: Static<typeof Input>,
  tip: Oid | undefined,
): Promise<Oid | undefined> {
  if (input.startOid !== undefined && !isOid(input.startOid, ctx.repository.objectFormat)) {
    throw new OperationError("invalid_object_id", { value: input.startOid, field: "startOid" });
  }
  const start: ByteString | undefined =
    input.startOid ?? (input.startBranch === undefined ? undefined : REFS_HEADS + input.startBranch);
  if (start === undefined) return tip;
  return (await startingCommit(ctx, quarantine, start, input.startRepository)) ?? tip;
}

async function hasBranch(repository: OpenRepository): Promise<boolean> {
  for await (const batch of repository.git.refs.list(repository.view, { prefixes: [REFS_HEADS], peel: false })) {
    if (batch.length > 0) return true;
  }
  return false;
}

function invalidBranch(reference: ByteString): OperationError {
  return new OperationError("invalid_reference_name", {
    references: [reference],
    problem: problemOfRefName(reference) ?? "",
  });
}
