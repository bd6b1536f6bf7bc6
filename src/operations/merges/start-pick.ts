import type { Context, Quarantine } from "../../contract/context.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import { OperationError } from "../../domain/errors.ts";
import { type Commit, parseCommit, rawHeader } from "../../domain/commit.ts";
import { type Oid, isZeroOid, zeroOid } from "../../domain/oid.ts";
import { REFS_HEADS, problemOfRefName } from "../../domain/reference.ts";
import { readCommit } from "../commits/read-commit.ts";
import { startingCommit } from "../commits/starting-commit.ts";
import { checkExpectedOid } from "../references/expected-oid.ts";

interface PickInput {
  readonly branch: string;
  readonly commit: string;
  readonly startBranch?: string;
  readonly startRepository?: RepositoryRef;
  readonly dryRun?: boolean;
  readonly expectedOid?: Oid;
}

/** A cherry-pick or revert that is under way. */
export interface Pick {
  readonly quarantine: Quarantine;
  /** The commit that the change goes on top of, and its tree. */
  readonly startOid: Oid;
  readonly startTree: Oid;
  readonly commit: Commit;
  /** The author line of the commit, byte for byte. */
  readonly rawAuthor: Uint8Array | undefined;
  /** Tree of the commit's first parent; undefined for a root commit. */
  readonly parentTree: Oid | undefined;
  /** What the branch must point to; zeros when it does not exist. */
  readonly oldOid: Oid;
}

/** Resolves start, commit and branch. Throws `revision_not_found` with field `start` or `commit`. */
export async function startPick(ctx: Context, input: PickInput): Promise<Pick> {
  const { repository } = ctx;
  const { git, view } = repository;
  const expectedOid = await checkExpectedOid(repository, input.expectedOid);
  const quarantine = await repository.quarantine();
  const startOid = await startingCommit(ctx, quarantine, input.startBranch ?? input.branch, input.startRepository);
  if (startOid === undefined) {
    throw new OperationError("revision_not_found", { revision: input.startBranch ?? input.branch, field: "start" });
  }
  const commitOid = await repository.consistently(() => git.objects.resolve(quarantine.view, input.commit, "commit"));
  const object = commitOid === undefined ? undefined : await git.objects.read(quarantine.view, commitOid);
  if (commitOid === undefined || object === undefined) {
    throw new OperationError("revision_not_found", { revision: input.commit, field: "commit" });
  }
  const commit = parseCommit(commitOid, object.content);
  const parentOid = commit.parentOids[0];
  const start = await readCommit(git, quarantine.view, startOid);
  const tip = await repository.consistently(() => git.refs.read(view, REFS_HEADS + input.branch));
  return {
    quarantine,
    startOid,
    startTree: start?.treeOid ?? "",
    commit,
    rawAuthor: rawHeader(object.content, "author"),
    parentTree: parentOid === undefined ? undefined : (await readCommit(git, quarantine.view, parentOid))?.treeOid,
    oldOid: expectedOid ?? tip?.oid ?? zeroOid(repository.objectFormat),
  };
}

/**
 * Moves the branch to the new commit, or in a dry run to the start. Throws `not_ancestor` when the branch has commits that the
 * new one does not have.
 */
export async function finishPick(ctx: Context, input: PickInput, pick: Pick, commitOid: Oid) {
  const { repository } = ctx;
  const { startOid, oldOid, quarantine } = pick;
  const name = REFS_HEADS + input.branch;
  const problem = problemOfRefName(name);
  if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [name], problem });
  const branchCreated = isZeroOid(oldOid);
  if (!branchCreated && !(await repository.git.history.isAncestor(quarantine.view, oldOid, startOid))) {
    throw new OperationError("not_ancestor", { parent: oldOid, child: commitOid });
  }
  const newOid = input.dryRun === true ? startOid : commitOid;
  await repository.updateRefs({ changes: [{ name, newOid, expectedOid: oldOid }], quarantine, hooks: "receive" });
  return { commitOid: newOid, branchCreated };
}
