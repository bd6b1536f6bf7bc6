import type { OperationError } from "../../domain/errors.ts";
import { hasReason } from "../../domain/errors.ts";
import { REASONS } from "../../domain/reasons.ts";

/** A failure in one line for the user of git: what was wrong, with the facts that help. */
export function describeFailure(error: OperationError): string {
  if (hasReason(error, "objects_invalid")) return `fsck error in packed object: ${error.details.problems[0] ?? ""}`;
  if (hasReason(error, "pack_invalid") || hasReason(error, "protocol_error")) return error.details.problem;
  if (hasReason(error, "objects_missing")) return `missing objects: ${error.details.oids.slice(0, 3).join(" ")}`;
  if (hasReason(error, "too_large")) return `${error.details.what} is larger than ${error.details.limitBytes} bytes`;
  if (hasReason(error, "limit_exceeded")) return `more than ${error.details.maximum} ${error.details.limit}`;
  if (hasReason(error, "invalid_input")) return `${error.details.field} ${error.details.problem}`;
  return REASONS[error.reason].message;
}
