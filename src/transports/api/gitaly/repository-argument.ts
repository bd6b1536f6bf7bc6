import type { RepositoryRef } from "../../../contract/repository-ref.ts";
import type { Repository } from "./generated/shared_pb.ts";
import { StatusCode } from "../grpc/status-code.ts";
import { GrpcStatusError } from "../grpc/status-error.ts";

/** The repository that a request names. Throws INVALID_ARGUMENT with Gitaly's texts when the message is incomplete. */
export function repositoryArgument(repository: Repository | undefined): RepositoryRef {
  if (repository === undefined || (repository.storageName === "" && repository.relativePath === "")) {
    throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "repository not set");
  }
  if (repository.relativePath === "") throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "repository path not set");
  if (repository.storageName === "") throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "storage name not set");
  return { storage: repository.storageName, relativePath: repository.relativePath };
}
