import { hasReason } from "../../../../domain/errors.ts";
import { removeRepository } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { RepositoryService } from "../generated/repository_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { repositoryArgument } from "../repository-argument.ts";

/** RepositoryService.RemoveRepository */
export function removeRepositoryHandler(
  door: GitalyDoor,
): MethodHandler<typeof RepositoryService.method.removeRepository> {
  return async (request, call) => {
    const repository = repositoryArgument(request.repository);
    try {
      await door.engine.run(removeRepository, { repository }, callerOf(call, request));
      return {};
    } catch (error) {
      if (hasReason(error, "repository_not_found")) {
        throw new GrpcStatusError(StatusCode.NOT_FOUND, "repository does not exist", { cause: error });
      }
      if (hasReason(error, "repository_locked")) {
        throw new GrpcStatusError(StatusCode.FAILED_PRECONDITION, "repository is already locked", { cause: error });
      }
      throw error;
    }
  };
}
