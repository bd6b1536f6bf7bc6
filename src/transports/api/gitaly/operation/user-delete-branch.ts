import { zeroOid } from "../../../../domain/oid.ts";
import { decodeUtf8, fromByteString, toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { REFS_HEADS } from "../../../../domain/reference.ts";
import { deleteBranch } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import { type OperationService, UserDeleteBranchErrorSchema } from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { customHook, hookText, statusOfExpectedOid, textOfRefUpdate } from "../write-errors.ts";

/** OperationService.UserDeleteBranch */
export function userDeleteBranch(door: GitalyDoor): MethodHandler<typeof OperationService.method.userDeleteBranch> {
  return async (request, call) => {
    const problem = firstProblem(
      [request.branchName.length === 0, "bad request: empty branch name"],
      [request.user === undefined, "bad request: empty user"],
    );
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const branch = toByteString(request.branchName);
    const expectedOid = request.expectedOldOid;
    try {
      checkCallerIds(door, request, "deleting reference: running pre-receive hooks: ");
      await door.engine.run(
        deleteBranch,
        { repository: repositoryArgument(request.repository), branch, ...(expectedOid === "" ? {} : { expectedOid }) },
        callerOf(call, request),
      );
      return {};
    } catch (error) {
      throw statusOf(error, branch) ?? error;
    }
  };
}

function statusOf(error: unknown, branch: string): GrpcStatusError | undefined {
  const expected = statusOfExpectedOid(error);
  if (expected !== undefined) return expected;
  if (hasReason(error, "reference_not_found")) {
    const text = `branch not found: ${JSON.stringify(decodeUtf8(branch))}`;
    return new GrpcStatusError(StatusCode.FAILED_PRECONDITION, text, { cause: error });
  }
  if (hasReason(error, "hook_rejected")) {
    const detail = statusDetail(UserDeleteBranchErrorSchema, {
      error: { case: "customHook", value: customHook(error) },
    });
    const text = `deletion denied by custom hooks: running ${error.details.hook} hooks: ${hookText(error)}`;
    return new GrpcStatusError(StatusCode.PERMISSION_DENIED, text, { details: [detail], cause: error });
  }
  const text = textOfRefUpdate(error);
  if (text === undefined) return undefined;
  const oldOid = hasReason(error, "reference_mismatch") ? error.details.expected : "";
  const detail = statusDetail(UserDeleteBranchErrorSchema, {
    error: {
      case: "referenceUpdate",
      value: {
        referenceName: fromByteString(REFS_HEADS + branch),
        oldOid,
        newOid: zeroOid(oldOid.length === 64 ? "sha256" : "sha1"),
      },
    },
  });
  return new GrpcStatusError(StatusCode.FAILED_PRECONDITION, `reference update failed: reference update: ${text}`, {
    details: [detail],
    cause: error,
  });
}
