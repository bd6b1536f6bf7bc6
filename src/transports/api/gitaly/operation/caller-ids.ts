import type { GitalyDoor } from "../door.ts";
import type { Repository, User } from "../generated/shared_pb.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";

/** Refuses a change without the names that hooks are told, where the setting asks for it. */
export function checkCallerIds(
  door: GitalyDoor,
  request: { readonly repository?: Repository | undefined; readonly user?: User | undefined },
  prefix = "running pre-receive hooks: ",
): void {
  if (!door.callerIdsRequired) return;
  if (request.repository?.glRepository === "") {
    throw new GrpcStatusError(StatusCode.INTERNAL, `${prefix}repository not set`);
  }
  if (request.user?.glId === "") throw new GrpcStatusError(StatusCode.INTERNAL, `${prefix}user ID not set`);
}
