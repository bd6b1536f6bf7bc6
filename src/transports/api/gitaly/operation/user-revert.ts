import type { MessageInitShape } from "@bufbuild/protobuf";
import { fromByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { revert } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  type OperationService,
  UserRevertErrorSchema,
  UserRevertResponse_CreateTreeError,
  type UserRevertResponseSchema,
} from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { customHook, hookText, statusOfExpectedOid, textOfRefUpdate } from "../write-errors.ts";
import { pickInput, problemOfPick } from "./pick-request.ts";

/** Clients that set this get what goes wrong as errors; others get OK with the error in a field of the answer. */
const STRUCTURED_ERRORS = "gitaly-feature-return-structured-errors-in-revert";

/** OperationService.UserRevert */
export function userRevert(door: GitalyDoor): MethodHandler<typeof OperationService.method.userRevert> {
  return async (request, call) => {
    const problem = problemOfPick(request);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    try {
      checkCallerIds(door, request);
      const { commitOid, branchCreated } = await door.engine.run(revert, pickInput(request), callerOf(call, request));
      return { branchUpdate: { commitId: commitOid, repoCreated: false, branchCreated } };
    } catch (error) {
      const structured = call.metadata(STRUCTURED_ERRORS) === "true";
      const answer = structured ? undefined : answerTelling(error);
      if (answer !== undefined) return answer;
      throw statusOf(error) ?? error;
    }
  };
}

const EMPTY_RESULT = "revert: could not apply because the result was empty";

function answerTelling(error: unknown): MessageInitShape<typeof UserRevertResponseSchema> | undefined {
  if (hasReason(error, "merge_conflict")) {
    return {
      createTreeError: "revert: could not apply due to conflicts",
      createTreeErrorCode: UserRevertResponse_CreateTreeError.CONFLICT,
    };
  }
  if (hasReason(error, "changes_already_applied")) {
    return { createTreeError: EMPTY_RESULT, createTreeErrorCode: UserRevertResponse_CreateTreeError.EMPTY };
  }
  if (hasReason(error, "not_ancestor")) return { commitError: "Branch diverged" };
  if (hasReason(error, "hook_rejected")) return { preReceiveError: hookText(error) };
  return undefined;
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  const { FAILED_PRECONDITION, INTERNAL, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED } = StatusCode;
  const expected = statusOfExpectedOid(error);
  if (expected !== undefined) return expected;
  if (hasReason(error, "revision_not_found")) {
    return error.details.field === "start"
      ? new GrpcStatusError(INVALID_ARGUMENT, "resolve start ref: reference not found", { cause: error })
      : new GrpcStatusError(NOT_FOUND, "revert commit lookup: commit not found", { cause: error });
  }
  if (hasReason(error, "merge_conflict")) {
    const value = { conflictingFiles: error.details.conflictingPaths.map(fromByteString) };
    const detail = statusDetail(UserRevertErrorSchema, { error: { case: "mergeConflict", value } });
    return new GrpcStatusError(FAILED_PRECONDITION, "revert: could not apply due to conflicts", {
      details: [detail],
      cause: error,
    });
  }
  if (hasReason(error, "changes_already_applied")) {
    const detail = statusDetail(UserRevertErrorSchema, { error: { case: "changesAlreadyApplied", value: {} } });
    return new GrpcStatusError(FAILED_PRECONDITION, EMPTY_RESULT, { details: [detail], cause: error });
  }
  if (hasReason(error, "not_ancestor")) {
    const { parent, child } = error.details;
    const value = { parentRevision: fromByteString(parent), childRevision: fromByteString(child) };
    const detail = statusDetail(UserRevertErrorSchema, { error: { case: "notAncestor", value } });
    return new GrpcStatusError(FAILED_PRECONDITION, "revert: branch diverged", { details: [detail], cause: error });
  }
  if (hasReason(error, "hook_rejected")) {
    const detail = statusDetail(UserRevertErrorSchema, { error: { case: "customHook", value: customHook(error) } });
    return new GrpcStatusError(PERMISSION_DENIED, "revert: custom hook error", { details: [detail], cause: error });
  }
  const text = textOfRefUpdate(error);
  return text === undefined ? undefined : new GrpcStatusError(INTERNAL, `reference update: ${text}`, { cause: error });
}
