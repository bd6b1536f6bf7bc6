import { fromByteString, toByteString } from "../../../../domain/bytes.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { OID_HEX_LENGTH, zeroOid } from "../../../../domain/oid.ts";
import { REFS_TAGS } from "../../../../domain/reference.ts";
import { findCommit, createTag } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  type OperationService,
  UserCreateTagErrorSchema,
  type UserCreateTagRequest,
} from "../generated/operations_pb.ts";
import { gitCommitMessage } from "../git-commit-message.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { firstProblem } from "../invalid-argument.ts";
import { momentOf, personOf } from "../person.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { problemOfRevision } from "../validate-revision.ts";
import { checkCallerIds } from "./caller-ids.ts";
import { customHook, textOf, textOfRefUpdate } from "../write-errors.ts";

/** OperationService.UserCreateTag. The repository is looked at last. */
export function userCreateTag(door: GitalyDoor): MethodHandler<typeof OperationService.method.userCreateTag> {
  return async (request, call) => {
    const problem = problemOf(request);
    if (problem !== undefined) throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, problem);
    const user = request.user!;
    const repository = repositoryArgument(request.repository);
    const caller = callerOf(call, request);
    const tag = toByteString(request.tagName);
    try {
      checkCallerIds(door, request);
      const { oid, annotated, commitOid } = await door.engine.run(
        createTag,
        {
          repository,
          tag,
          target: toByteString(request.targetRevision),
          message: request.message,
          tagger: personOf(user),
          moment: momentOf(user, request.timestamp),
        },
        caller,
      );
      const found = commitOid && (await door.engine.run(findCommit, { repository, revision: commitOid }, caller));
      const message = annotated ? request.message : new Uint8Array();
      return {
        tag: {
          name: request.tagName,
          id: oid,
          message,
          messageSize: BigInt(message.length),
          ...(found && found.commit ? { targetCommit: gitCommitMessage(found.commit) } : {}),
        },
      };
    } catch (error) {
      throw statusOf(error, tag, request.message.length > 0) ?? error;
    }
  };
}

function problemOf(request: UserCreateTagRequest): string | undefined {
  const wrong = firstProblem(
    [request.user === undefined, "empty user"],
    [request.tagName.length === 0, "empty tag name"],
    [request.targetRevision.length === 0, "empty target revision"],
    [request.message.includes(0), "tag message contains NUL byte"],
  );
  if (wrong !== undefined) return wrong;
  const problem = problemOfRevision(toByteString(request.tagName));
  return problem === undefined ? undefined : `invalid tag name: ${problem}`;
}

function statusOf(error: unknown, tag: string, annotated: boolean): GrpcStatusError | undefined {
  const { ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED } = StatusCode;
  const name = REFS_TAGS + tag;
  if (hasReason(error, "revision_not_found")) {
    return new GrpcStatusError(FAILED_PRECONDITION, `revspec '${textOf(error.details.revision)}' not found`, {
      cause: error,
    });
  }
  if (hasReason(error, "invalid_identity")) {
    return new GrpcStatusError(INVALID_ARGUMENT, `formatting tag: ${error.details.problem}`, { cause: error });
  }
  if (hasReason(error, "reference_exists")) {
    const value = { referenceName: fromByteString(error.details.reference), oid: error.details.oid };
    const detail = statusDetail(UserCreateTagErrorSchema, { error: { case: "referenceExists", value } });
    return new GrpcStatusError(ALREADY_EXISTS, "tag reference exists already", { details: [detail], cause: error });
  }
  if (hasReason(error, "hook_rejected")) {
    const detail = statusDetail(UserCreateTagErrorSchema, { error: { case: "customHook", value: customHook(error) } });
    return new GrpcStatusError(PERMISSION_DENIED, "reference update denied by custom hooks", {
      details: [detail],
      cause: error,
    });
  }
  // git mktag is what refuses such a name for an annotated tag, and Gitaly answers with this text.
  if (hasReason(error, "invalid_reference_name") && annotated) {
    const text = `Gitlab::Git::CommitError: Could not update ${textOf(name)}. Please refresh and try again.`;
    return new GrpcStatusError(NOT_FOUND, text, { cause: error });
  }
  const text = textOfRefUpdate(error);
  if (text === undefined) return undefined;
  const options = { details: [referenceUpdate(name, newOidOf(error))], cause: error };
  return new GrpcStatusError(FAILED_PRECONDITION, `reference update failed: reference update: ${text}`, options);
}

function newOidOf(error: unknown): string {
  return hasReason(error, "reference_name_conflict") ? (error.details.newOid ?? "") : "";
}

function referenceUpdate(name: string, newOid: string) {
  const oldOid = zeroOid(newOid.length === OID_HEX_LENGTH.sha256 ? "sha256" : "sha1");
  const value = { referenceName: fromByteString(name), oldOid, newOid };
  return statusDetail(UserCreateTagErrorSchema, { error: { case: "referenceUpdate", value } });
}
