import { create } from "@bufbuild/protobuf";
import type { CallOptions } from "../call-options.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { MergeResult } from "../domain/results.ts";
import { ConflictError } from "../errors.ts";
import type { MergeBranch, MergeToRef, RebaseToRef } from "../requests.ts";
import { checkExpectedOfExisting } from "./branches.ts";
import type { Connection } from "./connection.ts";
import type { Conversation } from "./conversation.ts";
import { gitError } from "./error-of-status.ts";
import { conflictOfExisting, readReference } from "./expected-absence.ts";
import {
  OperationService,
  type UserMergeBranchRequest,
  UserMergeBranchRequestSchema,
} from "./generated/operations_pb.ts";
import { repositoryMessage, userMessage } from "./message-shape.ts";
import { blameRevision } from "./missing.ts";
import { namingReference } from "./reference-conflict.ts";
import { bytesOf, fullBranchName } from "./text.ts";
import { checkId, checkNotEmpty, checkRefName, checkShortName, invalid, isZeroId } from "./validate.ts";

const methods = OperationService.method;

export async function mergeToRef(
  server: Connection,
  repo: GitRepo,
  request: MergeToRef,
  options?: CallOptions,
): Promise<MergeResult> {
  checkNotEmpty("message", request.message);
  const { effect, checkAgain, ...target } = await targetOf(server, repo, request, options);
  try {
    const { commitId } = await server.unary(
      methods.userMergeToRef,
      { ...target, message: bytesOf(request.message) },
      options,
      { effect, checkAgain },
    );
    return { commitId };
  } catch (error) {
    const named = namingReference(error, request.targetRef, request.expectedOldId);
    throw await blameRevision(server, repo, named, [request.sourceId, request.firstParentRef], options);
  }
}

export async function rebaseToRef(
  server: Connection,
  repo: GitRepo,
  request: RebaseToRef,
  options?: CallOptions,
): Promise<MergeResult> {
  const { effect, checkAgain, ...target } = await targetOf(server, repo, request, options);
  try {
    const { commitId } = await server.unary(methods.userRebaseToRef, target, options, { effect, checkAgain });
    return { commitId };
  } catch (error) {
    const named = namingReference(error, request.targetRef, request.expectedOldId);
    throw await blameRevision(server, repo, named, [request.sourceId, request.firstParentRef], options);
  }
}

async function targetOf(server: Connection, repo: GitRepo, request: RebaseToRef, options: CallOptions | undefined) {
  const { sourceId, targetRef, firstParentRef, user, expectedOldId = "" } = request;
  checkId("sourceId", sourceId);
  checkRefName("targetRef", targetRef);
  if (targetRef.startsWith("refs/heads/")) throw invalid(`targetRef is a branch: "${targetRef}"`);
  checkNotEmpty("firstParentRef", firstParentRef);
  if (expectedOldId !== "") checkId("expectedOldId", expectedOldId);
  // Servers refuse zeros here.
  const checkAgain = isZeroId(expectedOldId)
    ? async () => {
        const actual = await readReference(server, repo, targetRef, options);
        if (actual !== undefined) throw conflictOfExisting(targetRef, expectedOldId, actual);
      }
    : undefined;
  await checkAgain?.();
  return {
    repository: repositoryMessage(repo),
    user: userMessage(user),
    sourceSha: sourceId,
    targetRef: bytesOf(targetRef),
    firstParentRef: bytesOf(fullBranchName(firstParentRef)),
    expectedOldOid: isZeroId(expectedOldId) ? "" : expectedOldId,
    effect: expectedOldId === "" ? ("change" as const) : ("conditional-change" as const),
    checkAgain,
  };
}

export async function mergeBranch(
  server: Connection,
  repo: GitRepo,
  request: MergeBranch,
  options?: CallOptions,
): Promise<MergeResult> {
  const { branch, sourceId, message, user, expectedOldId = "" } = request;
  checkShortName("branch", branch);
  checkId("sourceId", sourceId);
  checkNotEmpty("message", message);
  checkExpectedOfExisting(expectedOldId);
  const proposal = create(UserMergeBranchRequestSchema, {
    repository: repositoryMessage(repo),
    user: userMessage(user),
    commitId: sourceId,
    branch: bytesOf(branch),
    message: bytesOf(message),
    expectedOldOid: expectedOldId,
  });
  try {
    return await server.converse(
      methods.userMergeBranch,
      options,
      { effect: expectedOldId === "" ? "change" : "conditional-change" },
      (conversation) => proposeAndApply(conversation, proposal, request),
    );
  } catch (error) {
    throw await blameRevision(server, repo, error, [sourceId], options);
  }
}

/** The server tells the merge commit, which nobody sees yet, and moves the branch when it is told to. */
async function proposeAndApply(
  conversation: Conversation<typeof methods.userMergeBranch>,
  proposal: UserMergeBranchRequest,
  { approve, branch }: MergeBranch,
): Promise<MergeResult> {
  await conversation.write(proposal);
  const proposed = await conversation.next();
  if (proposed === undefined) throw gitError("the server proposed no merge", { code: "INTERNAL" });
  const apply = approve === undefined || (await conversation.during(approve(proposed.commitId))) === true;
  if (await conversation.write(create(UserMergeBranchRequestSchema, { apply }))) conversation.halfClose();
  const { branchUpdate } = await conversation.last();
  if (!apply) throw new ConflictError("merge aborted by client", { code: "FAILED_PRECONDITION" });
  if (branchUpdate === undefined) {
    const reference = `refs/heads/${branch}`;
    throw new ConflictError(`the server did not move ${branch}`, {
      code: "FAILED_PRECONDITION",
      detail: { kind: "reference_update", reference },
    });
  }
  return { commitId: branchUpdate.commitId };
}
