import type { Caller, Principal } from "../../../contract/principal.ts";
import type { Repository, User } from "./generated/shared_pb.ts";
import type { GrpcCall } from "../grpc/handler.ts";

/** The holder of the shared secret, or anyone on loopback when there is none. */
const SERVICE: Principal = { kind: "service", name: "service" };

/** The caller of a request, with the user and repository names that it carries for hooks and records. */
export function callerOf(
  call: GrpcCall,
  request: { readonly user?: User | undefined; readonly repository?: Repository | undefined } = {},
): Caller {
  const { user, repository } = request;
  return {
    principal: SERVICE,
    door: "gitaly",
    requestId: call.requestId,
    peer: call.peer,
    signal: call.signal,
    ...(call.deadlineAtMs === undefined ? {} : { deadlineAtMs: call.deadlineAtMs }),
    ...(user === undefined
      ? {}
      : { actor: { id: user.glId, username: user.glUsername, name: user.name, email: user.email } }),
    ...(repository === undefined
      ? {}
      : { glRepository: repository.glRepository, glProjectPath: repository.glProjectPath }),
  };
}
