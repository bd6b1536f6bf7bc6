import { decodeUtf8, toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { deleteTag } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import type { OperationService } from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { hookText, statusOfExpectedOid, textOfRefUpdate } from "../write-errors.ts";

/** OperationService.UserDeleteTag. What a hook says against it comes back as OK with its text. */
export function userDeleteTag(door: GitalyDoor): MethodHandler<typeof OperationService.method.userDeleteTag> {
  return async (request, call) => {
    const problem = firstProblem(
      [request.tagName.length === 0, "empty tag name"],
      [request.user === undefined, "empty user"],
    );
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const tag = toByteString(request.tagName);
    const expectedOid = request.expectedOldOid;
    try {
      checkCallerIds(door, request);
      await door.engine.run(
        deleteTag,
        { repository: repositoryArgument(request.repository), tag, ...(expectedOid === "" ? {} : { expectedOid }) },
        callerOf(call, request),
      );
      return { preReceiveError: "" };
    } catch (error) {
      if (hasReason(error, "hook_rejected")) return { preReceiveError: hookText(error) };
      throw statusOf(error, tag) ?? error;
    }
  };
}

function statusOf(error: unknown, tag: string): GrpcStatusError | undefined {
  const expected = statusOfExpectedOid(error);
  if (expected !== undefined) return expected;
  if (hasReason(error, "reference_not_found")) {
    return new GrpcStatusError(StatusCode.FAILED_PRECONDITION, `tag not found: ${decodeUtf8(tag)}`, { cause: error });
  }
  const text = textOfRefUpdate(error);
  return text === undefined
    ? undefined
    : new GrpcStatusError(StatusCode.FAILED_PRECONDITION, `reference update: ${text}`, { cause: error });
}
