import { encodeUtf8 } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { isAncestor } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { CommitService } from "../generated/commit_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";

/** CommitService.CommitIsAncestor: false also for revisions that do not exist. */
export function commitIsAncestor(door: GitalyDoor): MethodHandler<typeof CommitService.method.commitIsAncestor> {
  return async (request, call) => {
    const problem = firstProblem(
      [request.ancestorId === "", "empty ancestor sha"],
      [request.childId === "", "empty child sha"],
    );
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const input = {
      repository: repositoryArgument(request.repository),
      ancestor: encodeUtf8(request.ancestorId),
      descendant: encodeUtf8(request.childId),
    };
    try {
      return { value: (await door.engine.run(isAncestor, input, callerOf(call))).isAncestor };
    } catch (error) {
      if (hasReason(error, "revision_not_found")) return { value: false };
      throw error;
    }
  };
}
