import { OperationError } from "../../domain/errors.ts";
import { REASONS } from "../../domain/reasons.ts";

/** What a client of the control socket is told about an error. Facts that are for the log only stay there. */
export function errorBody(error: unknown, requestId: string): object {
  const known = asOperationError(error);
  const { reason, code } = known;
  return { error: known.message, code, reason, details: plain(known.details), request_id: requestId };
}

/** The HTTP status of an error. */
export function httpStatus(error: unknown): number {
  return REASONS[asOperationError(error).reason].httpStatus;
}

function asOperationError(error: unknown): OperationError {
  return error instanceof OperationError ? error : new OperationError("internal", { what: "see the server's log" });
}

/** Details as JSON; bytes are shown as text because only people read them here. */
function plain(details: object): unknown {
  return JSON.parse(
    JSON.stringify(details, (_key, value: unknown) => {
      if (value instanceof Uint8Array) return new TextDecoder().decode(value);
      return typeof value === "bigint" ? value.toString() : value;
    }),
  );
}
