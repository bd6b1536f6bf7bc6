import { fromByteString, toByteString } from "../../../../domain/bytes.ts";
import { hasReason, OperationError } from "../../../../domain/errors.ts";
import { isZeroOid } from "../../../../domain/oid.ts";
import type { RefChange } from "../../../../domain/reference.ts";
import { updateReferences } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import { type RefService, UpdateReferencesErrorSchema, type UpdateReferencesRequest } from "../generated/ref_pb.ts";
import type { Repository } from "../generated/shared_pb.ts";
import type { GrpcCall, MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { textOfObjectId, textOfRefUpdate } from "../write-errors.ts";
import { textOfReferenceName } from "./reference-name-text.ts";

/** Changes in one transaction; more would hold the locks for too long. */
const CHANGES_MAX = 100_000;

/** RefService.UpdateReferences: all changes of the stream in one transaction. */
export function updateReferencesHandler(door: GitalyDoor): MethodHandler<typeof RefService.method.updateReferences> {
  return async (requests, call) => {
    const { repository, changes } = await collect(door, call, requests);
    try {
      await door.engine.run(
        updateReferences,
        { repository: repositoryArgument(repository), changes },
        callerOf(call, repository === undefined ? {} : { repository }),
      );
      return {};
    } catch (error) {
      throw statusOf(error, changes) ?? error;
    }
  };
}

async function collect(door: GitalyDoor, call: GrpcCall, requests: AsyncIterable<UpdateReferencesRequest>) {
  const changes: RefChange[] = [];
  let repository: Repository | undefined;
  let first = true;
  for await (const request of requests) {
    if (first) repository = request.repository;
    else if (request.repository !== undefined) {
      throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "repository set in subsequent request");
    }
    first = false;
    if (request.updates.length === 0) throw await invalidArgument(door, call, repository, "no updates specified");
    for (const { reference, oldObjectId, newObjectId } of request.updates) {
      changes.push({
        name: toByteString(reference),
        newOid: toByteString(newObjectId),
        ...(oldObjectId.length === 0 ? {} : { expectedOid: toByteString(oldObjectId) }),
      });
    }
    if (changes.length > CHANGES_MAX) {
      const limit = `more than ${CHANGES_MAX} updates`;
      throw new OperationError("limit_exceeded", { limit, maximum: CHANGES_MAX, retryAfterMs: 0 });
    }
  }
  if (first) throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "repository not set");
  return { repository, changes };
}

function statusOf(error: unknown, changes: readonly RefChange[]): GrpcStatusError | undefined {
  const { ABORTED, INTERNAL, INVALID_ARGUMENT, NOT_FOUND } = StatusCode;
  if (hasReason(error, "invalid_reference_name")) {
    const refs = error.details.references.map(fromByteString);
    const text = `validating reference: ${textOfReferenceName(error.details.references[0] ?? "") ?? error.details.problem}`;
    const detail = statusDetail(UpdateReferencesErrorSchema, { error: { case: "invalidFormat", value: { refs } } });
    return new GrpcStatusError(INVALID_ARGUMENT, text, { details: [detail], cause: error });
  }
  if (hasReason(error, "invalid_object_id")) {
    const which = error.details.field === "expectedOid" ? "old" : "new";
    const text = `validating ${which} object ID: ${textOfObjectId(error.details.value)}`;
    return new GrpcStatusError(INVALID_ARGUMENT, text, { cause: error });
  }
  if (hasReason(error, "object_not_found"))
    return new GrpcStatusError(NOT_FOUND, "target object missing", { cause: error });
  if (hasReason(error, "references_locked")) {
    const refs = error.details.references.map(fromByteString);
    const detail = statusDetail(UpdateReferencesErrorSchema, { error: { case: "referencesLocked", value: { refs } } });
    return new GrpcStatusError(ABORTED, "reference is already locked", { details: [detail], cause: error });
  }
  if (hasReason(error, "reference_mismatch")) return statusOfMismatch(error);
  if (hasReason(error, "reference_repeated")) {
    const text = "committing update: reference has been updated multiple times within a transaction";
    return new GrpcStatusError(INTERNAL, text, { cause: error });
  }
  if (hasReason(error, "reference_name_conflict") && isAmong(changes, error.details.conflictsWith)) {
    const text = "committing update: conflicting reference updates in the same transaction";
    return new GrpcStatusError(INTERNAL, text, { cause: error });
  }
  const text = textOfRefUpdate(error);
  return text === undefined ? undefined : new GrpcStatusError(INTERNAL, `committing update: ${text}`, { cause: error });
}

function isAmong(changes: readonly RefChange[], name: string): boolean {
  return changes.some((change) => change.name === name);
}

function statusOfMismatch(error: OperationError<"reference_mismatch">): GrpcStatusError {
  const { reference, expected, actual } = error.details;
  if (isZeroOid(expected)) {
    return new GrpcStatusError(StatusCode.INTERNAL, "committing update: reference already exists", { cause: error });
  }
  if (isZeroOid(actual)) {
    return new GrpcStatusError(StatusCode.INTERNAL, "committing update: exit status 128", { cause: error });
  }
  const value = {
    referenceName: fromByteString(reference),
    expectedObjectId: fromByteString(expected),
    actualObjectId: fromByteString(actual),
  };
  const detail = statusDetail(UpdateReferencesErrorSchema, { error: { case: "referenceStateMismatch", value } });
  return new GrpcStatusError(StatusCode.ABORTED, "reference does not point to expected object", {
    details: [detail],
    cause: error,
  });
}
