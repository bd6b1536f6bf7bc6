import type { GitalyDoor } from "../door.ts";
import { RepositoryService } from "../generated/repository_pb.ts";
import { type BoundService, service } from "../../grpc/service.ts";
import { createRepositoryHandler } from "./create-repository.ts";
import { removeRepositoryHandler } from "./remove-repository.ts";
import { repositoryExistsHandler } from "./repository-exists.ts";

/** gitaly.RepositoryService */
export function repositoryService(door: GitalyDoor): BoundService {
  return service(RepositoryService, {
    createRepository: createRepositoryHandler(door),
    removeRepository: removeRepositoryHandler(door),
    repositoryExists: repositoryExistsHandler(door),
  });
}
