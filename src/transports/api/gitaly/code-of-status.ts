import type { Code } from "../../../domain/code.ts";
import { GrpcStatusError } from "../grpc/status-error.ts";

/** The domain's codes, by gRPC's numbers. */
const CODE_OF_STATUS: Readonly<Record<GrpcStatusError["code"], Code>> = {
  1: "canceled",
  2: "internal",
  3: "invalid_argument",
  4: "deadline_exceeded",
  5: "not_found",
  6: "already_exists",
  7: "permission_denied",
  8: "resource_exhausted",
  9: "failed_precondition",
  10: "aborted",
  11: "out_of_range",
  12: "unimplemented",
  13: "internal",
  14: "unavailable",
  15: "data_loss",
  16: "unauthenticated",
};

/** The code of an error that this door itself made; undefined for all others. */
export function codeOfStatusError(error: unknown): Code | undefined {
  return error instanceof GrpcStatusError ? CODE_OF_STATUS[error.code] : undefined;
}
