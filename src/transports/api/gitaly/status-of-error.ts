import type { Any } from "@bufbuild/protobuf/wkt";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import { LimitErrorSchema } from "./generated/errors_pb.ts";
import type { GrpcCall } from "../grpc/handler.ts";
import { StatusCode } from "../grpc/status-code.ts";
import { STATUS_OF_CODE } from "../grpc/status-of-code.ts";
import { GrpcStatusError, statusDetail } from "../grpc/status-error.ts";

/** What a handler's error becomes where the handler has no text of its own for it. A bug says no more than where to look. */
export function statusOfError(error: unknown, call: Pick<GrpcCall, "requestId">): GrpcStatusError {
  if (error instanceof GrpcStatusError) return error;
  if (!(error instanceof OperationError)) {
    return new GrpcStatusError(StatusCode.INTERNAL, `internal error, request ${call.requestId}`, { cause: error });
  }
  return new GrpcStatusError(STATUS_OF_CODE[error.code], textOf(error), { details: detailsOf(error), cause: error });
}

/** Gitaly's texts where it has one for the reason, else the catalogue's. */
function textOf(error: OperationError): string {
  if (hasReason(error, "repository_invalid")) return `repository not valid: ${error.details.problem}`;
  if (hasReason(error, "limit_exceeded")) return error.details.limit;
  if (hasReason(error, "too_large")) return `${error.details.what} is larger than ${error.details.limitBytes} bytes`;
  if (hasReason(error, "invalid_input") && error.details.field === "timezone") return error.details.problem;
  if (hasReason(error, "invalid_input")) return `${error.message}: ${error.details.field}: ${error.details.problem}`;
  if (hasReason(error, "deadline_exceeded")) return "context deadline exceeded";
  if (hasReason(error, "canceled")) return "context canceled";
  return error.message;
}

function detailsOf(error: OperationError): readonly Any[] {
  if (hasReason(error, "too_large")) return [statusDetail(LimitErrorSchema, { errorMessage: textOf(error) })];
  if (!hasReason(error, "limit_exceeded")) return [];
  const { limit, retryAfterMs } = error.details;
  const retryAfter = { seconds: BigInt(Math.floor(retryAfterMs / 1000)), nanos: (retryAfterMs % 1000) * 1_000_000 };
  return [statusDetail(LimitErrorSchema, { errorMessage: limit, retryAfter })];
}
