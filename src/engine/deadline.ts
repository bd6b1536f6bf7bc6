import type { Clock } from "../contract/context.ts";
import type { Caller } from "../contract/principal.ts";
import { hasReason, OperationError } from "../domain/errors.ts";
import { translateFileError } from "../domain/file-error.ts";

/** Throws when the call has ended already: the client has gone, or stopped waiting. */
export function checkEnded(caller: Caller, clock: Clock): void {
  if (isExpired(caller, clock)) throw new OperationError("deadline_exceeded", {});
  if (caller.signal.aborted) throw new OperationError("canceled", {});
}

/** The error to answer with: once the call's time is over, whatever failed then failed for that reason. A full disk is one wherever it shows. */
export function explainEnd(error: unknown, caller: Caller, clock: Clock): unknown {
  if (isExpired(caller, clock)) return new OperationError("deadline_exceeded", {}, { cause: error });
  // A credential that has ended says so itself.
  if (hasReason(caller.signal.reason, "unauthenticated")) return caller.signal.reason;
  if (caller.signal.aborted) return new OperationError("canceled", {}, { cause: error });
  return translateFileError(error);
}

function isExpired({ deadlineAtMs }: Caller, clock: Clock): boolean {
  return deadlineAtMs !== undefined && clock.nowMs() >= deadlineAtMs;
}
