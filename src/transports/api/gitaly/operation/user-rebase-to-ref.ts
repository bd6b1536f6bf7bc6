import { toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { rebaseToRef } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { OperationService, UserRebaseToRefRequest } from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { momentOf, personOf } from "../person.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { statusOfExpectedOid, textOf, textOfRefUpdate } from "../write-errors.ts";
import { isTargetAllowed } from "./target-ref.ts";

const FULL_OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** OperationService.UserRebaseToRef. No receive hooks run. */
export function userRebaseToRef(door: GitalyDoor): MethodHandler<typeof OperationService.method.userRebaseToRef> {
  return async (request, call) => {
    const problem = problemOf(door, request);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const user = request.user!;
    try {
      const { commitOid } = await door.engine.run(
        rebaseToRef,
        {
          repository: repositoryArgument(request.repository),
          source: request.sourceSha,
          firstParent: toByteString(request.firstParentRef),
          targetRef: toByteString(request.targetRef),
          committer: personOf(user),
          moment: momentOf(user, request.timestamp),
          ...(request.expectedOldOid === "" ? {} : { expectedOid: request.expectedOldOid }),
        },
        callerOf(call, request),
      );
      return { commitId: commitOid };
    } catch (error) {
      throw statusOf(error, request) ?? error;
    }
  };
}

function problemOf(door: GitalyDoor, request: UserRebaseToRefRequest): string | undefined {
  return firstProblem(
    [request.firstParentRef.length === 0, "empty FirstParentRef"],
    [request.user === undefined, "empty User"],
    [request.sourceSha === "", "empty SourceSha"],
    [request.targetRef.length === 0, "empty TargetRef"],
    [!isTargetAllowed(door, request.targetRef), "invalid TargetRef"],
  );
}

function statusOf(error: unknown, request: UserRebaseToRefRequest): GrpcStatusError | undefined {
  const { FAILED_PRECONDITION, INVALID_ARGUMENT } = StatusCode;
  const target = textOf(toByteString(request.targetRef));
  const expected = statusOfExpectedOid(error);
  if (expected !== undefined) return expected;
  if (hasReason(error, "revision_not_found")) {
    return new GrpcStatusError(INVALID_ARGUMENT, textOfUnknown(request, error.details.field), { cause: error });
  }
  if (hasReason(error, "merge_conflict")) {
    const text = `failed to rebase ${request.sourceSha} on ${textOf(toByteString(request.firstParentRef))} while preparing ${target} due to conflict`;
    return new GrpcStatusError(FAILED_PRECONDITION, text, { cause: error });
  }
  if (hasReason(error, "reference_is_symbolic")) {
    const text = `target reference is symbolic: ${JSON.stringify(target)}`;
    return new GrpcStatusError(FAILED_PRECONDITION, text, { cause: error });
  }
  if (hasReason(error, "invalid_reference_name")) {
    return new GrpcStatusError(INVALID_ARGUMENT, "invalid TargetRef", { cause: error });
  }
  if (textOfRefUpdate(error) === undefined) return undefined;
  const text = `could not update ${target}. Please refresh and try again`;
  return new GrpcStatusError(FAILED_PRECONDITION, text, { cause: error });
}

function textOfUnknown(request: UserRebaseToRefRequest, field: string | undefined): string {
  if (field !== "source") return "invalid FirstParentRef";
  return FULL_OID.test(request.sourceSha)
    ? "rebasing commits: resolving branch commit: reference not found"
    : "invalid SourceSha";
}
