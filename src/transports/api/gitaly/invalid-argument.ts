import { hasReason, OperationError } from "../../../domain/errors.ts";
import { findRepository } from "../../../operations/index.ts";
import { callerOf } from "./caller.ts";
import type { GitalyDoor } from "./door.ts";
import type { Repository } from "./generated/shared_pb.ts";
import type { GrpcCall } from "../grpc/handler.ts";
import { StatusCode } from "../grpc/status-code.ts";
import { GrpcStatusError } from "../grpc/status-error.ts";
import { repositoryArgument } from "./repository-argument.ts";

/**
 * The error for a request whose fields are wrong. Gitaly looks at the repository first, so where that is missing or broken,
 * its error is thrown instead. The refusal passes the engine, and is recorded there under the name of the RPC.
 */
export async function invalidArgument(
  door: GitalyDoor,
  call: GrpcCall,
  repository: Repository | undefined,
  text: string,
): Promise<GrpcStatusError> {
  const refused = {
    ...findRepository,
    name: nameOfRpc(call.path),
    run: () => Promise.reject(new OperationError("invalid_input", { field: "request", problem: text })),
  };
  try {
    await door.engine.run(refused, { repository: repositoryArgument(repository) }, callerOf(call));
  } catch (error) {
    if (!hasReason(error, "invalid_input")) throw error;
  }
  return new GrpcStatusError(StatusCode.INVALID_ARGUMENT, text);
}

/** `findBranch` of `/gitaly.RefService/FindBranch`. */
function nameOfRpc(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The first text whose condition holds. */
export function firstProblem(...checks: readonly (readonly [wrong: boolean, text: string])[]): string | undefined {
  return checks.find(([wrong]) => wrong)?.[1];
}
