import type { Code } from "../../../domain/code.ts";
import { StatusCode } from "./status-code.ts";

/** Every outcome as a status of gRPC. */
export const STATUS_OF_CODE: Readonly<Record<Code, Exclude<StatusCode, 0>>> = {
  canceled: StatusCode.CANCELLED,
  invalid_argument: StatusCode.INVALID_ARGUMENT,
  deadline_exceeded: StatusCode.DEADLINE_EXCEEDED,
  not_found: StatusCode.NOT_FOUND,
  already_exists: StatusCode.ALREADY_EXISTS,
  permission_denied: StatusCode.PERMISSION_DENIED,
  resource_exhausted: StatusCode.RESOURCE_EXHAUSTED,
  failed_precondition: StatusCode.FAILED_PRECONDITION,
  aborted: StatusCode.ABORTED,
  out_of_range: StatusCode.OUT_OF_RANGE,
  unimplemented: StatusCode.UNIMPLEMENTED,
  internal: StatusCode.INTERNAL,
  unavailable: StatusCode.UNAVAILABLE,
  data_loss: StatusCode.DATA_LOSS,
  unauthenticated: StatusCode.UNAUTHENTICATED,
};
