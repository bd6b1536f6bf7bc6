import type { JsonObject } from "@bufbuild/protobuf";
import { type Any, durationFromMs } from "@bufbuild/protobuf/wkt";
import { hasReason } from "../../../domain/errors.ts";
import { REASONS } from "../../../domain/reasons.ts";
import { asOperationError, errorBody } from "../../http/error-response.ts";
import { ErrorInfoSchema, RetryInfoSchema } from "../grpc/generated/google/rpc/error_details_pb.ts";
import { HoldfastErrorSchema } from "../grpc/generated/holdfast/v1/error_pb.ts";
import { STATUS_OF_CODE } from "../grpc/status-of-code.ts";
import { GrpcStatusError, statusDetail } from "../grpc/status-error.ts";

/** Whose words the reasons are (google.rpc.ErrorInfo). */
const DOMAIN = "holdfast";

/** Details that are larger than what trailers take would not be told at all; then the facts are left out of them, which may be many names. */
const FACTS_BYTES_MAX = 32 * 1024;

/**
 * What a failed operation tells its client: the status that the reason has, a sentence, and the facts twice: as ErrorInfo, which libraries of
 * gRPC read, and as HoldfastError, where they keep their form.
 */
export function statusOfOperationError(error: unknown, requestId: string): GrpcStatusError {
  if (error instanceof GrpcStatusError) return error;
  const told = asOperationError(error);
  const { error: message, reason, details } = errorBody(told, requestId);
  const { retry } = REASONS[told.reason];
  const detailsWith = (facts: Record<string, unknown>): Any[] => [
    statusDetail(ErrorInfoSchema, { reason, domain: DOMAIN, metadata: asTexts(facts) }),
    statusDetail(HoldfastErrorSchema, { reason, message, details: asJson(facts), requestId, retry }),
    ...(hasReason(told, "limit_exceeded")
      ? [statusDetail(RetryInfoSchema, { retryDelay: durationFromMs(told.details.retryAfterMs) })]
      : []),
  ];
  const whole = detailsWith(details);
  const bytes = whole.reduce((sum, { value }) => sum + value.byteLength, 0);
  return new GrpcStatusError(STATUS_OF_CODE[told.code], message, {
    details: bytes > FACTS_BYTES_MAX ? detailsWith({}) : whole,
    cause: error,
  });
}

/** Facts that are not there are none. */
const asJson = (facts: Record<string, unknown>): JsonObject => JSON.parse(JSON.stringify(facts)) as JsonObject;

/** Values of ErrorInfo are texts: what is none is written as JSON. */
const asTexts = (details: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(details).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === "string" ? value : JSON.stringify(value)]],
    ),
  );
