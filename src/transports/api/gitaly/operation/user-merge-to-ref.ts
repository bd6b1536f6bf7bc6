import { toByteString } from "../../../../domain/bytes.ts";
import { OperationError, hasReason } from "../../../../domain/errors.ts";
import { mergeToRef } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { OperationService, UserMergeToRefRequest } from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { momentOf, personOf } from "../person.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { conflictText, statusOfExpectedOid, textOf, textOfRefUpdate } from "../write-errors.ts";
import { isTargetAllowed } from "./target-ref.ts";

const FULL_OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** OperationService.UserMergeToRef. No receive hooks run. */
export function userMergeToRef(door: GitalyDoor): MethodHandler<typeof OperationService.method.userMergeToRef> {
  return async (request, call) => {
    const problem = problemOf(door, request);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const user = request.user!;
    const firstParent = request.firstParentRef.length > 0 ? request.firstParentRef : request.branch;
    try {
      const { commitOid } = await door.engine.run(
        mergeToRef,
        {
          repository: repositoryArgument(request.repository),
          source: request.sourceSha,
          firstParent: toByteString(firstParent),
          targetRef: toByteString(request.targetRef),
          message: request.message,
          committer: personOf(user),
          moment: momentOf(user, request.timestamp),
          ...(request.expectedOldOid === "" ? {} : { expectedOid: request.expectedOldOid }),
        },
        callerOf(call, request),
      );
      return { commitId: commitOid };
    } catch (error) {
      throw statusOf(door, error, request) ?? error;
    }
  };
}

function problemOf(door: GitalyDoor, request: UserMergeToRefRequest): string | undefined {
  return firstProblem(
    [request.firstParentRef.length === 0 && request.branch.length === 0, "empty first parent ref and branch name"],
    [request.user === undefined, "empty user"],
    [request.sourceSha === "", "empty source SHA"],
    [request.targetRef.length === 0, "empty target ref"],
    [!isTargetAllowed(door, request.targetRef), "invalid target ref"],
  );
}

function statusOf(door: GitalyDoor, error: unknown, request: UserMergeToRefRequest): GrpcStatusError | undefined {
  const { FAILED_PRECONDITION, INVALID_ARGUMENT } = StatusCode;
  const target = textOf(toByteString(request.targetRef));
  const expected = statusOfExpectedOid(error);
  if (expected !== undefined) return expected;
  if (hasReason(error, "revision_not_found")) {
    // A well-formed id gets as far as the merge in Gitaly; only names are refused as such.
    const wellFormed = error.details.field === "source" && FULL_OID.test(request.sourceSha);
    return wellFormed
      ? new GrpcStatusError(FAILED_PRECONDITION, `${failure(request, "", target)}: source not found`, { cause: error })
      : new GrpcStatusError(INVALID_ARGUMENT, "Invalid merge source", { cause: error });
  }
  if (hasReason(error, "merge_conflict")) {
    const firstParent = error.details.commitOids[0] ?? "";
    const text = conflictText(door, failure(request, firstParent, target));
    return new GrpcStatusError(FAILED_PRECONDITION, text, { cause: error });
  }
  if (hasReason(error, "reference_is_symbolic")) {
    const text = `target reference is symbolic: ${JSON.stringify(target)}`;
    return new GrpcStatusError(FAILED_PRECONDITION, text, { cause: error });
  }
  if (error instanceof OperationError && error.reason === "invalid_reference_name") {
    return new GrpcStatusError(INVALID_ARGUMENT, "invalid target ref", { cause: error });
  }
  if (textOfRefUpdate(error) === undefined) return undefined;
  const text = `Could not update ${target}. Please refresh and try again`;
  return new GrpcStatusError(FAILED_PRECONDITION, text, { cause: error });
}

function failure(request: UserMergeToRefRequest, firstParent: string, target: string): string {
  return `Failed to create merge commit for source_sha ${request.sourceSha} and target_sha ${firstParent} at ${target}`;
}
