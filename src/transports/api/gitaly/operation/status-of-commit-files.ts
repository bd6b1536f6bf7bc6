import { decodeUtf8, fromByteString } from "../../../../domain/bytes.ts";
import { type OperationError, hasReason } from "../../../../domain/errors.ts";
import { IndexError_ErrorType as ErrorType } from "../generated/errors_pb.ts";
import { UserCommitFilesErrorSchema, type UserCommitFilesRequestHeader } from "../generated/operations_pb.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../grpc/status-error.ts";
import { customHook, statusOfExpectedOid, textOfObjectId, textOfRefUpdate } from "../write-errors.ts";

/** Gitaly's answers to what can go wrong in UserCommitFiles; undefined for what is not special to it. */
export function statusOfCommitFiles(error: unknown, header: UserCommitFilesRequestHeader): GrpcStatusError | undefined {
  return statusOfExpectedOid(error) ?? statusOfPath(error) ?? statusOfStart(error) ?? statusOfCommit(error, header);
}

function statusOfPath(error: unknown): GrpcStatusError | undefined {
  const { ALREADY_EXISTS, INTERNAL, INVALID_ARGUMENT, NOT_FOUND } = StatusCode;
  if (hasReason(error, "invalid_path")) {
    const { path, problem } = error.details;
    switch (problem) {
      case "empty":
        return indexError(INVALID_ARGUMENT, "You must provide a file path", "", ErrorType.EMPTY_PATH, error);
      case "invalid":
        return indexError(
          INVALID_ARGUMENT,
          `invalid path: ${JSON.stringify(decodeUtf8(path))}`,
          path,
          ErrorType.INVALID_PATH,
          error,
        );
      case "traversal":
        return indexError(
          INVALID_ARGUMENT,
          "Path cannot include directory traversal",
          path,
          ErrorType.DIRECTORY_TRAVERSAL,
          error,
        );
      case "forbidden":
      case "too_long":
        return new GrpcStatusError(INTERNAL, `invalid path: '${decodeUtf8(path)}'`, { cause: error });
    }
  }
  if (hasReason(error, "path_exists")) {
    const { path, type } = error.details;
    return type === "file"
      ? indexError(ALREADY_EXISTS, "A file with this name already exists", path, ErrorType.FILE_EXISTS, error)
      : indexError(
          ALREADY_EXISTS,
          "A directory with this name already exists",
          path,
          ErrorType.DIRECTORY_EXISTS,
          error,
        );
  }
  if (hasReason(error, "path_not_found")) {
    const { path } = error.details;
    return indexError(NOT_FOUND, "A file with this name doesn't exist", path, ErrorType.FILE_NOT_FOUND, error);
  }
  return undefined;
}

function indexError(
  code: typeof StatusCode.ALREADY_EXISTS | typeof StatusCode.INVALID_ARGUMENT | typeof StatusCode.NOT_FOUND,
  text: string,
  path: string,
  errorType: ErrorType,
  cause: OperationError,
): GrpcStatusError {
  const value = { path: fromByteString(path), errorType };
  const detail = statusDetail(UserCommitFilesErrorSchema, { error: { case: "indexUpdate", value } });
  return new GrpcStatusError(code, text, { details: [detail], cause });
}

function statusOfStart(error: unknown): GrpcStatusError | undefined {
  if (hasReason(error, "invalid_object_id") && error.details.field === "startOid") {
    return new GrpcStatusError(StatusCode.INVALID_ARGUMENT, textOfObjectId(error.details.value), { cause: error });
  }
  if (hasReason(error, "revision_not_found") && error.details.field === "start") {
    const text = "fetch missing commit: lookup parent commit: reference not found";
    return new GrpcStatusError(StatusCode.INTERNAL, text, { cause: error });
  }
  return undefined;
}

const EMPTY_IDENTITY = "commit: failed to parse signature - Signature cannot have an empty name or email";

function statusOfCommit(error: unknown, header: UserCommitFilesRequestHeader): GrpcStatusError | undefined {
  const { FAILED_PRECONDITION, INTERNAL, INVALID_ARGUMENT, PERMISSION_DENIED } = StatusCode;
  if (hasReason(error, "invalid_identity")) {
    const overridden = header.commitAuthorName.length > 0 && header.commitAuthorEmail.length > 0;
    return overridden
      ? new GrpcStatusError(INTERNAL, "commit: missing committer name", { cause: error })
      : new GrpcStatusError(INVALID_ARGUMENT, EMPTY_IDENTITY, { cause: error });
  }
  if (hasReason(error, "invalid_input")) {
    const { field, problem } = error.details;
    if (field === "actions") return new GrpcStatusError(INTERNAL, problem, { cause: error });
    if (field === "content") {
      return new GrpcStatusError(INTERNAL, `write created blob: writing blob: ${problem}`, { cause: error });
    }
    if (field === "message") return new GrpcStatusError(INTERNAL, `commit: ${problem}`, { cause: error });
    return undefined;
  }
  if (hasReason(error, "hook_rejected")) {
    const detail = statusDetail(UserCommitFilesErrorSchema, {
      error: { case: "customHook", value: customHook(error) },
    });
    return new GrpcStatusError(PERMISSION_DENIED, "denied by custom hooks", { details: [detail], cause: error });
  }
  const text = textOfRefUpdate(error);
  return text === undefined
    ? undefined
    : new GrpcStatusError(FAILED_PRECONDITION, `reference update: ${text}`, { cause: error });
}
