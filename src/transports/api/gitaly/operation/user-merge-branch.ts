import { fromByteString, toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { REFS_HEADS } from "../../../../domain/reference.ts";
import { type MergeDecision, mergeBranch } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  type OperationService,
  UserMergeBranchErrorSchema,
  type UserMergeBranchRequest,
} from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { momentOf, personOf } from "../person.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { conflictText, customHook, hookText, statusOfExpectedOid, textOfRefUpdate } from "../write-errors.ts";

/** OperationService.UserMergeBranch: names the merge commit, and moves the branch when the second message says so. */
export function userMergeBranch(door: GitalyDoor): MethodHandler<typeof OperationService.method.userMergeBranch> {
  return async function* (requests, call) {
    const stream = requests[Symbol.asyncIterator]();
    const { value: request, done } = await stream.next();
    if (done === true) throw new GrpcStatusError(StatusCode.INTERNAL, "EOF");
    const problem = problemOf(request);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const user = request.user!;
    const branch = toByteString(request.branch);
    let mergeOid = "";
    try {
      const answers = door.engine.run(
        mergeBranch,
        {
          repository: repositoryArgument(request.repository),
          branch,
          commit: request.commitId,
          message: request.message,
          committer: personOf(user),
          moment: momentOf(user, request.timestamp),
          squash: request.squash,
          ...(request.expectedOldOid === "" ? {} : { expectedOid: request.expectedOldOid }),
        },
        callerOf(call, request),
        decisions(stream),
      );
      for await (const { commitOid, applied } of answers) {
        mergeOid = commitOid;
        if (applied) yield { branchUpdate: { commitId: commitOid, repoCreated: false, branchCreated: false } };
        else {
          checkCallerIds(door, request, "");
          yield { commitId: commitOid };
        }
      }
    } catch (error) {
      throw statusOf(door, error, branch, mergeOid) ?? error;
    }
  };
}

async function* decisions(stream: AsyncIterator<UserMergeBranchRequest>): AsyncGenerator<MergeDecision> {
  const { value, done } = await stream.next();
  if (done !== true) yield { apply: value.apply };
}

function problemOf(request: UserMergeBranchRequest): string | undefined {
  return firstProblem(
    [request.user === undefined, "empty user"],
    [request.user?.email.length === 0, "empty user email"],
    [request.user?.name.length === 0, "empty user name"],
    [request.branch.length === 0, "empty branch name"],
    [request.commitId === "", "empty commit ID"],
    [request.message.length === 0, "empty message"],
  );
}

function statusOf(door: GitalyDoor, error: unknown, branch: string, mergeOid: string): GrpcStatusError | undefined {
  const { FAILED_PRECONDITION, INTERNAL, NOT_FOUND, PERMISSION_DENIED } = StatusCode;
  const expected = statusOfExpectedOid(error);
  if (expected !== undefined) return expected;
  if (hasReason(error, "reference_not_found"))
    return new GrpcStatusError(NOT_FOUND, "reference not found", { cause: error });
  if (hasReason(error, "revision_not_found")) {
    return new GrpcStatusError(INTERNAL, "merging commits: merge commit not found", { cause: error });
  }
  if (hasReason(error, "merge_not_confirmed")) {
    return new GrpcStatusError(FAILED_PRECONDITION, "merge aborted by client", { cause: error });
  }
  if (hasReason(error, "invalid_input") && error.details.field === "apply") {
    return new GrpcStatusError(INTERNAL, "EOF", { cause: error });
  }
  if (hasReason(error, "merge_conflict")) {
    const { conflictingPaths, commitOids } = error.details;
    const value = { conflictingFiles: conflictingPaths.map(fromByteString), conflictingCommitIds: [...commitOids] };
    const detail = statusDetail(UserMergeBranchErrorSchema, { error: { case: "mergeConflict", value } });
    const text = conflictText(door, "merging commits: merge: there are conflicting files");
    return new GrpcStatusError(FAILED_PRECONDITION, text, { details: [detail], cause: error });
  }
  if (hasReason(error, "hook_rejected")) {
    const detail = statusDetail(UserMergeBranchErrorSchema, {
      error: { case: "customHook", value: customHook(error) },
    });
    return new GrpcStatusError(PERMISSION_DENIED, hookText(error), { details: [detail], cause: error });
  }
  const text = textOfRefUpdate(error);
  if (text === undefined) return undefined;
  const oldOid = hasReason(error, "reference_mismatch") ? error.details.expected : "";
  const value = { referenceName: fromByteString(REFS_HEADS + branch), oldOid, newOid: mergeOid };
  const detail = statusDetail(UserMergeBranchErrorSchema, { error: { case: "referenceUpdate", value } });
  return new GrpcStatusError(FAILED_PRECONDITION, `reference update: ${text}`, { details: [detail], cause: error });
}
