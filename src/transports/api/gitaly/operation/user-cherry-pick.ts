import { decodeUtf8, fromByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { cherryPick } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import { type OperationService, UserCherryPickErrorSchema } from "../generated/operations_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { personOf } from "../person.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { conflictText, hookText, statusOfExpectedOid, textOfRefUpdate } from "../write-errors.ts";
import { pickInput, problemOfPick } from "./pick-request.ts";

/** OperationService.UserCherryPick */
export function userCherryPick(door: GitalyDoor): MethodHandler<typeof OperationService.method.userCherryPick> {
  return async (request, call) => {
    const problem = problemOfPick(request);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const user = personOf(request.user!);
    const author = {
      name: request.commitAuthorName.length > 0 ? request.commitAuthorName : user.name,
      email: request.commitAuthorEmail.length > 0 ? request.commitAuthorEmail : user.email,
    };
    const overridden = request.commitAuthorName.length > 0 || request.commitAuthorEmail.length > 0;
    try {
      checkCallerIds(door, request);
      const { commitOid, branchCreated } = await door.engine.run(
        cherryPick,
        { ...pickInput(request), ...(overridden ? { author } : {}) },
        callerOf(call, request),
      );
      return { branchUpdate: { commitId: commitOid, repoCreated: false, branchCreated } };
    } catch (error) {
      throw statusOf(door, error) ?? error;
    }
  };
}

function statusOf(door: GitalyDoor, error: unknown): GrpcStatusError | undefined {
  const { FAILED_PRECONDITION, INTERNAL, INVALID_ARGUMENT, NOT_FOUND } = StatusCode;
  const expected = statusOfExpectedOid(error);
  if (expected !== undefined) return expected;
  if (hasReason(error, "revision_not_found")) {
    if (error.details.field === "start") {
      return new GrpcStatusError(INVALID_ARGUMENT, "resolve start ref: reference not found", { cause: error });
    }
    const name = JSON.stringify(decodeUtf8(error.details.revision));
    return new GrpcStatusError(NOT_FOUND, `cherry-pick: commit lookup: commit not found: ${name}`, { cause: error });
  }
  if (hasReason(error, "commit_not_pickable")) {
    return new GrpcStatusError(INTERNAL, "cherry pick: the commit has no parent", { cause: error });
  }
  if (hasReason(error, "merge_conflict")) {
    const value = { conflictingFiles: error.details.conflictingPaths.map(fromByteString) };
    const detail = statusDetail(UserCherryPickErrorSchema, { error: { case: "cherryPickConflict", value } });
    const text = conflictText(door, "cherry pick: merge: there are conflicting files");
    return new GrpcStatusError(FAILED_PRECONDITION, text, { details: [detail], cause: error });
  }
  if (hasReason(error, "changes_already_applied")) {
    const detail = statusDetail(UserCherryPickErrorSchema, { error: { case: "changesAlreadyApplied", value: {} } });
    const text = "cherry-pick: could not apply because the result was empty";
    return new GrpcStatusError(FAILED_PRECONDITION, text, { details: [detail], cause: error });
  }
  if (hasReason(error, "not_ancestor")) {
    const { parent, child } = error.details;
    const value = { parentRevision: fromByteString(parent), childRevision: fromByteString(child) };
    const detail = statusDetail(UserCherryPickErrorSchema, { error: { case: "targetBranchDiverged", value } });
    return new GrpcStatusError(FAILED_PRECONDITION, "cherry-pick: branch diverged", {
      details: [detail],
      cause: error,
    });
  }
  if (hasReason(error, "hook_rejected")) {
    const value = { errorMessage: hookText(error).replace(/\n$/, "") };
    const detail = statusDetail(UserCherryPickErrorSchema, { error: { case: "accessCheck", value } });
    return new GrpcStatusError(FAILED_PRECONDITION, "access check failed", { details: [detail], cause: error });
  }
  const text = textOfRefUpdate(error);
  return text === undefined ? undefined : new GrpcStatusError(INTERNAL, `reference update: ${text}`, { cause: error });
}
