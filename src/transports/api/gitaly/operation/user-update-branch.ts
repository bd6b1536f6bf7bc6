import { toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { updateBranch } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { OperationService } from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { hookText, textOf, textOfObjectId, textOfRefUpdate } from "../write-errors.ts";

/** OperationService.UserUpdateBranch. What a hook says against it comes back as OK with its text. */
export function userUpdateBranch(door: GitalyDoor): MethodHandler<typeof OperationService.method.userUpdateBranch> {
  return async (request, call) => {
    const problem = firstProblem(
      [request.user === undefined, "empty user"],
      [request.branchName.length === 0, "empty branch name"],
      [request.oldrev.length === 0, "empty oldrev"],
      [request.newrev.length === 0, "empty newrev"],
    );
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const input = {
      repository: repositoryArgument(request.repository),
      branch: toByteString(request.branchName),
      oldOid: toByteString(request.oldrev),
      newOid: toByteString(request.newrev),
    };
    try {
      checkCallerIds(door, request);
      await door.engine.run(updateBranch, input, callerOf(call, request));
      return { preReceiveError: "" };
    } catch (error) {
      if (hasReason(error, "hook_rejected")) return { preReceiveError: hookText(error) };
      throw statusOf(error, textOf(input.branch)) ?? error;
    }
  };
}

function statusOf(error: unknown, branch: string): GrpcStatusError | undefined {
  if (hasReason(error, "invalid_object_id")) {
    const field = error.details.field === "oldOid" ? "oldrev" : "newrev";
    const text = `could not parse ${field}: ${textOfObjectId(error.details.value)}`;
    return new GrpcStatusError(StatusCode.INTERNAL, text, { cause: error });
  }
  if (textOfRefUpdate(error) === undefined) return undefined;
  const text = `Could not update ${branch}. Please refresh and try again.`;
  return new GrpcStatusError(StatusCode.FAILED_PRECONDITION, text, { cause: error });
}
