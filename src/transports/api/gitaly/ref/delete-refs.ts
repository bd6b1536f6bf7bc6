import { fromByteString, toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { deleteReferences } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import { DeleteRefsErrorSchema, type DeleteRefsRequest, type RefService } from "../generated/ref_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { firstProblem, invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { problemOfRevision } from "../validate-revision.ts";

/** RefService.DeleteRefs */
export function deleteRefs(door: GitalyDoor): MethodHandler<typeof RefService.method.deleteRefs> {
  return async (request, call) => {
    const problem = problemOf(request);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const names = request.refs.map(toByteString);
    const malformed = names.filter((name) => problemOfRevision(name) !== undefined);
    if (malformed.length > 0) {
      const refs = malformed.map(fromByteString);
      const detail = statusDetail(DeleteRefsErrorSchema, { error: { case: "invalidFormat", value: { refs } } });
      throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "invalid references", { details: [detail] });
    }
    const repository = repositoryArgument(request.repository);
    const choice = names.length > 0 ? { names } : { exceptPrefixes: request.exceptWithPrefix.map(toByteString) };
    try {
      await door.engine.run(deleteReferences, { repository, ...choice }, callerOf(call, request));
      return {};
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

function problemOf({ refs, exceptWithPrefix }: DeleteRefsRequest): string | undefined {
  const isEmpty = (name: Uint8Array) => name.length === 0;
  return firstProblem(
    [refs.length > 0 && exceptWithPrefix.length > 0, "ExceptWithPrefix and Refs are mutually exclusive"],
    [refs.length === 0 && exceptWithPrefix.length === 0, "empty ExceptWithPrefix and Refs"],
    [exceptWithPrefix.some(isEmpty), "empty prefix for exclusion"],
    [refs.some(isEmpty), "empty ref"],
  );
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (!hasReason(error, "references_locked")) return undefined;
  const refs = error.details.references.map(fromByteString);
  const detail = statusDetail(DeleteRefsErrorSchema, { error: { case: "referencesLocked", value: { refs } } });
  return new GrpcStatusError(StatusCode.ABORTED, "cannot lock references", { details: [detail], cause: error });
}
