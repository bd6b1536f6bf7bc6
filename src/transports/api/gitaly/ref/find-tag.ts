import { fromByteString, toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { findTag } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import { FindTagErrorSchema, type RefService } from "../generated/ref_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { tagMessage } from "../tag-message.ts";

/** RefService.FindTag */
export function findTagHandler(door: GitalyDoor): MethodHandler<typeof RefService.method.findTag> {
  return async (request, call) => {
    if (request.tagName.length === 0) throw await invalidArgument(door, call, request.repository, "tag name is empty");
    const input = { repository: repositoryArgument(request.repository), tag: toByteString(request.tagName) };
    try {
      return { tag: tagMessage(await door.engine.run(findTag, input, callerOf(call))) };
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (!hasReason(error, "reference_not_found")) return undefined;
  const value = { referenceName: fromByteString(error.details.reference) };
  const detail = statusDetail(FindTagErrorSchema, { error: { case: "tagNotFound", value } });
  return new GrpcStatusError(StatusCode.NOT_FOUND, "tag does not exist", { details: [detail], cause: error });
}
