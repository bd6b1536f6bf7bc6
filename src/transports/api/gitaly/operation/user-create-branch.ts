import { toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { createBranch, findCommit } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import { type OperationService, UserCreateBranchErrorSchema } from "../generated/operations_pb.ts";
import { gitCommitMessage } from "../git-commit-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { customHook, textOf, textOfRefUpdate } from "../write-errors.ts";

/** OperationService.UserCreateBranch */
export function userCreateBranch(door: GitalyDoor): MethodHandler<typeof OperationService.method.userCreateBranch> {
  return async (request, call) => {
    const problem = firstProblem(
      [request.branchName.length === 0, "empty branch name"],
      [request.user === undefined, "empty user"],
      [request.startPoint.length === 0, "empty start point"],
    );
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const repository = repositoryArgument(request.repository);
    const caller = callerOf(call, request);
    const branch = toByteString(request.branchName);
    const startPoint = toByteString(request.startPoint);
    try {
      checkCallerIds(door, request);
      const { commitOid } = await door.engine.run(createBranch, { repository, branch, startPoint }, caller);
      const { commit } = await door.engine.run(findCommit, { repository, revision: commitOid }, caller);
      return {
        branch: {
          name: request.branchName,
          ...(commit === undefined ? {} : { targetCommit: gitCommitMessage(commit) }),
        },
      };
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  const { FAILED_PRECONDITION, PERMISSION_DENIED } = StatusCode;
  if (hasReason(error, "revision_not_found")) {
    return new GrpcStatusError(FAILED_PRECONDITION, `revspec '${textOf(error.details.revision)}' not found`, {
      cause: error,
    });
  }
  if (hasReason(error, "hook_rejected")) {
    const detail = statusDetail(UserCreateBranchErrorSchema, {
      error: { case: "customHook", value: customHook(error) },
    });
    return new GrpcStatusError(PERMISSION_DENIED, "creation denied by custom hooks", {
      details: [detail],
      cause: error,
    });
  }
  const text = textOfRefUpdate(error);
  return text === undefined
    ? undefined
    : new GrpcStatusError(FAILED_PRECONDITION, `reference update: ${text}`, { cause: error });
}
