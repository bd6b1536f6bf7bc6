import { toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { findBranch } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { RefService } from "../generated/ref_pb.ts";
import { gitCommitMessage } from "../git-commit-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { textOf } from "../write-errors.ts";

/** RefService.FindBranch */
export function findBranchHandler(door: GitalyDoor): MethodHandler<typeof RefService.method.findBranch> {
  return async (request, call) => {
    if (request.name.length === 0)
      throw await invalidArgument(door, call, request.repository, "Branch name cannot be empty");
    const input = { repository: repositoryArgument(request.repository), branch: toByteString(request.name) };
    try {
      const { branch } = await door.engine.run(findBranch, input, callerOf(call));
      if (branch === undefined) return {};
      return { branch: { name: request.name, targetCommit: gitCommitMessage(branch.commit) } };
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (hasReason(error, "reference_ambiguous")) {
    const text = `target reference is ambiguous: ${textOf(error.details.reference)}`;
    return new GrpcStatusError(StatusCode.INVALID_ARGUMENT, text, { cause: error });
  }
  if (hasReason(error, "not_a_commit")) {
    return new GrpcStatusError(StatusCode.INTERNAL, "reading commit: object is not a commit", { cause: error });
  }
  return undefined;
}
