import { repositoryExists } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { RepositoryService } from "../generated/repository_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { repositoryArgument } from "../repository-argument.ts";

/** RepositoryService.RepositoryExists */
export function repositoryExistsHandler(
  door: GitalyDoor,
): MethodHandler<typeof RepositoryService.method.repositoryExists> {
  return async (request, call) =>
    door.engine.run(repositoryExists, { repository: repositoryArgument(request.repository) }, callerOf(call, request));
}
