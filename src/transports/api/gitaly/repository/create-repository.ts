import { toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import type { ObjectFormat as Format } from "../../../../domain/oid.ts";
import { createRepository } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { RepositoryService } from "../generated/repository_pb.ts";
import { ObjectFormat } from "../generated/shared_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { repositoryArgument } from "../repository-argument.ts";

const FORMATS: Readonly<Record<ObjectFormat, Format>> = {
  [ObjectFormat.UNSPECIFIED]: "sha1",
  [ObjectFormat.SHA1]: "sha1",
  [ObjectFormat.SHA256]: "sha256",
};

/** RepositoryService.CreateRepository */
export function createRepositoryHandler(
  door: GitalyDoor,
): MethodHandler<typeof RepositoryService.method.createRepository> {
  return async (request, call) => {
    const repository = repositoryArgument(request.repository);
    // A newer client may name a format that this table does not have.
    const objectFormat: Format | undefined = FORMATS[request.objectFormat];
    if (objectFormat === undefined) {
      throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, `unknown object format: ${String(request.objectFormat)}`);
    }
    const defaultBranch = toByteString(request.defaultBranch);
    try {
      await door.engine.run(
        createRepository,
        { repository, objectFormat, ...(defaultBranch === "" ? {} : { defaultBranch }) },
        callerOf(call, request),
      );
      return {};
    } catch (error) {
      if (!hasReason(error, "repository_exists")) throw error;
      const text = "creating repository: repository exists already";
      throw new GrpcStatusError(StatusCode.ALREADY_EXISTS, text, { cause: error });
    }
  };
}
