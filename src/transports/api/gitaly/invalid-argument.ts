import { findRepository } from "../../../operations/index.ts";
import { callerOf } from "./caller.ts";
import type { GitalyDoor } from "./door.ts";
import type { Repository } from "./generated/shared_pb.ts";
import type { GrpcCall } from "./grpc/handler.ts";
import { StatusCode } from "./grpc/status-code.ts";
import { GrpcStatusError } from "./grpc/status-error.ts";
import { repositoryArgument } from "./repository-argument.ts";

/**
 * The error for a request whose fields are wrong. Gitaly looks at the repository first, so where that is missing or broken,
 * its error is thrown instead.
 */
export async function invalidArgument(
  door: GitalyDoor,
  call: GrpcCall,
  repository: Repository | undefined,
  text: string,
): Promise<GrpcStatusError> {
  const ref = repositoryArgument(repository);
  await door.engine.run(findRepository, { repository: ref }, callerOf(call));
  return new GrpcStatusError(StatusCode.INVALID_ARGUMENT, text);
}

/** The first text whose condition holds. */
export function firstProblem(...checks: readonly (readonly [wrong: boolean, text: string])[]): string | undefined {
  return checks.find(([wrong]) => wrong)?.[1];
}
