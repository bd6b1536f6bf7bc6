import type { JsonObject } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { hasReason } from "../../../domain/errors.ts";
import { REASONS } from "../../../domain/reasons.ts";
import { asOperationError, errorBody } from "../../http/error-response.ts";
import { ErrorInfoSchema, RetryInfoSchema } from "../grpc/generated/google/rpc/error_details_pb.ts";
import { HoldfastErrorSchema } from "../grpc/generated/holdfast/v1/error_pb.ts";
import { STATUS_OF_CODE } from "../grpc/status-of-code.ts";
import { GrpcStatusError, statusDetail } from "../grpc/status-error.ts";

/** Whose words the reasons are (google.rpc.ErrorInfo). */
const DOMAIN = "holdfast";

/**
 * What a failed operation tells its client: the status that the reason has, a sentence, and the facts twice: as ErrorInfo, which libraries of
 * gRPC read, and as HoldfastError, where they keep their form.
 */
export function statusOfOperationError(error: unknown, requestId: string): GrpcStatusError {
  if (error instanceof GrpcStatusError) return error;
  const told = asOperationError(error);
  const { error: message, reason, details } = errorBody(told, requestId);
  const { retry } = REASONS[told.reason];
  return new GrpcStatusError(STATUS_OF_CODE[told.code], message, {
    details: [
      statusDetail(ErrorInfoSchema, { reason, domain: DOMAIN, metadata: asTexts(details) }),
      statusDetail(HoldfastErrorSchema, { reason, message, details: details as JsonObject, requestId, retry }),
      ...(hasReason(told, "limit_exceeded")
        ? [statusDetail(RetryInfoSchema, { retryDelay: durationFromMs(told.details.retryAfterMs) })]
        : []),
    ],
    cause: error,
  });
}

/** Values of ErrorInfo are texts: what is none is written as JSON. */
const asTexts = (details: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(details).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === "string" ? value : JSON.stringify(value)]],
    ),
  );
