import { fromByteString } from "../../../../domain/bytes.ts";
import { findDefaultBranch } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { RefService } from "../generated/ref_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { repositoryArgument } from "../repository-argument.ts";

/** RefService.FindDefaultBranchName */
export function findDefaultBranchName(door: GitalyDoor): MethodHandler<typeof RefService.method.findDefaultBranchName> {
  return async (request, call) => {
    const input = { repository: repositoryArgument(request.repository), headOnly: request.headOnly };
    const { name = "" } = await door.engine.run(findDefaultBranch, input, callerOf(call));
    return { name: fromByteString(name) };
  };
}
