import type { FileAction } from "../domain/file-action.ts";
import type { CommitResult } from "../domain/results.ts";
import { ValidationError } from "../errors.ts";
import type { CommitFiles } from "../requests.ts";
import { applyFileActions } from "./apply-file-actions.ts";
import { toByteString } from "./byte-string.ts";
import { FileTree } from "./file-tree.ts";
import { commitIdentity, momentOf } from "./identity.ts";
import { branchRef, type MemoryRepository, revisionNotFound } from "./memory-repository.ts";

/** Makes one commit of the actions and moves the branch to it. */
export function commitFiles(
  repository: MemoryRepository,
  request: Omit<CommitFiles, "actions">,
  actions: readonly FileAction[],
  now: Date,
): CommitResult {
  const { objects, references } = repository;
  const tip = repository.tip(request.branch);
  const parentId = parentOf(repository, request, tip);
  const moment = momentOf(now, request.user.timezone);
  const author = commitIdentity(request.author ?? request.user, moment);
  const committer = commitIdentity(request.user, moment);
  const tree = new FileTree(objects, repository.treeOf(parentId));
  applyFileActions(objects, tree, actions);
  const commitId = objects.writeCommit({
    treeId: tree.write(),
    parentIds: parentId === undefined ? [] : [parentId],
    author,
    committer,
    message: messageBytes(request.message),
  });
  // A branch that exists may only move forward: a commit from another start does not replace it.
  const expectedId = request.expectedOldId ?? (tip === undefined ? objects.zeroId : parentId);
  references.update([{ name: branchRef(request.branch), newId: commitId, expectedId }]);
  return { commitId, branchCreated: tip === undefined };
}

function parentOf(
  repository: MemoryRepository,
  { startBranch, branch }: Pick<CommitFiles, "branch" | "startBranch">,
  tip: string | undefined,
): string | undefined {
  if (startBranch === undefined) return tip ?? (branch === "" ? undefined : repository.references.read("HEAD"));
  const start = repository.tip(startBranch);
  if (start === undefined) throw revisionNotFound(startBranch);
  return start;
}

/** Kept byte for byte. `ValidationError` for an empty message, and for NUL, which Git cannot keep. */
export function messageBytes(message: string): string {
  if (message === "") throw new ValidationError("the message is empty", { code: "INVALID_ARGUMENT" });
  if (message.includes("\0")) {
    throw new ValidationError("a message contains a NUL byte", { code: "INVALID_ARGUMENT" });
  }
  return toByteString(message);
}
