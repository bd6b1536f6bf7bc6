import type { MergeResult, RevertResult } from "../domain/results.ts";
import { ConflictError, ValidationError } from "../errors.ts";
import type { MergeBranch, MergeToRef, RebaseToRef, Revert } from "../requests.ts";
import { type ByteString, toByteString, toText } from "./byte-string.ts";
import { messageBytes } from "./commit-files.ts";
import { isAncestor } from "./history.ts";
import { commitIdentity, momentOf } from "./identity.ts";
import {
  branchRef,
  checkBranchName,
  type MemoryRepository,
  referenceNotFound,
  revisionNotFound,
} from "./memory-repository.ts";
import { cleanTree, mergeCommits } from "./merge-commits.ts";
import { mergeTrees } from "./merge-trees.ts";
import { parentTreeOf, rebase } from "./rebase.ts";
import { problemOfRefName, REFS_HEADS } from "./ref-name.ts";

/** A merge that is made, but whose branch has not moved. */
export interface PreparedMerge extends MergeResult {
  /** Moves the branch. `ConflictError` when it has moved meanwhile. */
  apply(): void;
}

/** The first phase of `mergeBranch`. */
export function prepareMerge(repository: MemoryRepository, request: MergeBranch, now: Date): PreparedMerge {
  checkBranchName(request.branch);
  messageBytes(request.message);
  const tip = repository.tip(request.branch);
  if (tip === undefined) throw referenceNotFound(`refs/heads/${request.branch}`);
  const commitId = writeMerge(repository, tip, repository.commitAt(request.sourceId).id, request, now);
  const expectedId = request.expectedOldId ?? tip;
  const change = { name: branchRef(request.branch), newId: commitId, expectedId };
  return { commitId, apply: () => repository.references.update([change]) };
}

/** Merges into a reference that is not a branch. */
export function mergeToRef(repository: MemoryRepository, request: MergeToRef, now: Date): MergeResult {
  const name = targetRef(request.targetRef);
  const { firstParent, source } = sidesOf(repository, request);
  const commitId = writeMerge(repository, firstParent, source, request, now);
  repository.references.update([{ name, newId: commitId, expectedId: request.expectedOldId }]);
  return { commitId };
}

/** Replays commits onto another, into a reference that is not a branch. */
export function rebaseToRef(repository: MemoryRepository, request: RebaseToRef, now: Date): MergeResult {
  const name = targetRef(request.targetRef);
  const { firstParent, source } = sidesOf(repository, request);
  const committer = commitIdentity(request.user, momentOf(now, request.user.timezone));
  const commitId = rebase(repository.objects, source, firstParent, committer);
  repository.references.update([{ name, newId: commitId, expectedId: request.expectedOldId }]);
  return { commitId };
}

/** Takes a commit back on a branch; a merge against its first parent. */
export function revert(repository: MemoryRepository, request: Revert, now: Date): RevertResult {
  const { objects, references } = repository;
  checkBranchName(request.branch);
  const tip = repository.tip(request.branch);
  const start = request.startBranch === undefined ? tip : repository.tip(request.startBranch);
  if (start === undefined) throw revisionNotFound(request.startBranch ?? request.branch);
  const commit = repository.commitAt(request.commitId);
  const committer = commitIdentity(request.user, momentOf(now, request.user.timezone));
  const startTree = objects.commit(start).treeId;
  const merge = mergeTrees(objects, commit.treeId, startTree, parentTreeOf(objects, commit.id));
  const treeId = cleanTree(merge, [start, commit.id]);
  if (treeId === startTree) {
    const facts = { code: "FAILED_PRECONDITION", detail: { kind: "changes_already_applied" } } as const;
    throw new ConflictError(`nothing is left of commit ${commit.id} to take back`, facts);
  }
  const message = messageBytes(request.message ?? revertMessage(commit));
  const commitId = objects.writeCommit({ treeId, parentIds: [start], author: committer, committer, message });
  const expectedId = request.expectedOldId ?? tip ?? objects.zeroId;
  if (tip !== undefined && !isAncestor(objects, tip, start)) {
    const facts = { code: "FAILED_PRECONDITION", detail: { kind: "not_ancestor" } } as const;
    throw new ConflictError(`branch ${request.branch} has commits that ${request.startBranch} has not`, facts);
  }
  references.update([{ name: branchRef(request.branch), newId: commitId, expectedId }]);
  return { commitId, branchCreated: tip === undefined };
}

/** The words of git-revert(1). */
function revertMessage({ id, message, parentIds }: ReturnType<MemoryRepository["commitAt"]>): string {
  const subject = toText(message).split("\n", 1)[0] ?? "";
  const [first, ...others] = parentIds;
  const what = others.length === 0 ? id : `${id}, reversing\nchanges made to ${first}`;
  return `Revert "${subject}"\n\nThis reverts commit ${what}.\n`;
}

function writeMerge(
  { objects }: MemoryRepository,
  ours: string,
  theirs: string,
  { user, message }: Pick<MergeBranch, "user" | "message">,
  now: Date,
): string {
  const committer = commitIdentity(user, momentOf(now, user.timezone));
  const treeId = cleanTree(mergeCommits(objects, ours, theirs), [ours, theirs]);
  const parentIds = [ours, theirs];
  return objects.writeCommit({ treeId, parentIds, author: committer, committer, message: messageBytes(message) });
}

function sidesOf(repository: MemoryRepository, request: Pick<MergeToRef, "sourceId" | "firstParentRef">) {
  const { firstParentRef, sourceId } = request;
  const isFull = firstParentRef.startsWith("refs/");
  const firstParent = (isFull ? undefined : repository.tip(firstParentRef)) ?? repository.commitAt(firstParentRef).id;
  return { firstParent, source: repository.commitAt(sourceId).id };
}

/** Merges and rebases are written past the rules of branches, and so not to branches. */
function targetRef(target: string): ByteString {
  const name = toByteString(target);
  const problem = name.startsWith(REFS_HEADS) ? "is a branch" : problemOfRefName(name);
  if (problem === undefined) return name;
  const detail = { kind: "invalid_format", reference: target };
  throw new ValidationError(`the target ${target} ${problem}`, { code: "INVALID_ARGUMENT", detail });
}
