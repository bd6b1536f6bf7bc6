import { ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import type { OpenRepository, Quarantine } from "../../contract/context.ts";
import { defineOperation } from "../../contract/operation.ts";
import { parseCommit, rawHeader } from "../../domain/commit.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { MomentField, PersonField, commitIdentity, resolveMoment } from "../commits/person-fields.ts";
import { readCommit } from "../commits/read-commit.ts";
import { writeCommit } from "../commits/write-commit.ts";
import { cleanTree } from "./clean-tree.ts";
import { type Sides, resolveSides, updateTarget } from "./target-ref.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    source: ByteStringField("Tip of the commits to rebase"),
    firstParent: ByteStringField("Commit to rebase onto"),
    targetRef: ByteStringField("Full name of the reference that shall point to the result"),
    committer: PersonField,
    moment: Maybe(MomentField),
    expectedOid: Maybe(OidField("What the target must point to")),
  },
  { additionalProperties: false },
);

/**
 * Rebases commits onto another and points a reference at the result; branches stay. Merges are left out, and so are patches
 * that are there already; authors, their times and messages are kept. No receive hooks run.
 */
export const rebaseToRef = defineOperation({
  name: "rebaseToRef",
  summary: "Rebase commits into a reference",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({ commitOid: OidField("The last rebased commit") }),
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
      title: "A branch onto itself",
      input: {
        source: "main",
        firstParent: "main",
        targetRef: "refs/merge-requests/1/rebase",
        committer: { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") },
      },
    },
  ],
  async run(input, ctx) {
    const { repository } = ctx;
    const sides = await resolveSides(repository, input);
    const committer = commitIdentity(input.committer, resolveMoment(input.moment, ctx.clock));
    const quarantine = await repository.quarantine();
    const commitOid = await rebase(repository, quarantine, sides, committer, ctx.signal);
    await updateTarget(
      repository,
      { name: input.targetRef, newOid: commitOid, expectedOid: sides.targetOid },
      quarantine,
    );
    return { commitOid };
  },
});

async function rebase(
  repository: OpenRepository,
  quarantine: Quarantine,
  { source, firstParent }: Sides,
  committer: Uint8Array,
  signal: AbortSignal,
): Promise<Oid> {
  const { history } = repository.git;
  if (await history.isAncestor(repository.view, firstParent, source)) return source;
  if (await history.isAncestor(repository.view, source, firstParent)) return firstParent;
  let tip = firstParent;
  for (const oid of await history.unappliedCommits(repository.view, firstParent, source)) {
    signal.throwIfAborted();
    tip = await pickOnto(repository, quarantine, tip, oid, committer);
  }
  return tip;
}

/** Applies one commit on top of another; gives the tip unchanged when the commit has become empty. */
async function pickOnto(
  repository: OpenRepository,
  quarantine: Quarantine,
  tip: Oid,
  oid: Oid,
  committer: Uint8Array,
): Promise<Oid> {
  const { git } = repository;
  const object = await git.objects.read(quarantine.view, oid);
  if (object === undefined) throw new OperationError("object_not_found", { oid });
  const commit = parseCommit(oid, object.content);
  const parentOid = commit.parentOids[0];
  const parentTree = parentOid === undefined ? undefined : (await readCommit(git, quarantine.view, parentOid))?.treeOid;
  const tipTree = (await readCommit(git, quarantine.view, tip))?.treeOid;
  const treeOid = cleanTree(await git.merge.mergeTrees(quarantine.view, parentTree, tip, oid), [tip, oid]);
  const emptyFromTheStart = commit.treeOid === parentTree;
  if (treeOid === tipTree && !emptyFromTheStart) return tip;
  return writeCommit(repository, quarantine.view, {
    treeOid,
    parentOids: [tip],
    author: rawHeader(object.content, "author") ?? committer,
    committer,
    encoding: commit.encoding,
    message: commit.message,
  });
}
