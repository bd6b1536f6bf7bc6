import type { Code } from "./code.ts";
import { REASONS, type Reason, type ReasonDetails } from "./reasons.ts";

/** Facts for the log that a client must not see, such as argv and stderr of a child process. */
export type ErrorContext = Readonly<Record<string, unknown>>;

/**
 * The one error that operations, backends and services throw on purpose. `message` is fixed by the reason; facts travel in
 * `details` (typed, shown to the client) and `context` (log only). Anything else that is thrown is a bug.
 */
export class OperationError<R extends Reason = Reason> extends Error {
  override readonly name = "OperationError";
  readonly reason: R;
  readonly code: Code;
  readonly details: ReasonDetails[R];
  readonly context: ErrorContext;

  constructor(reason: R, details: ReasonDetails[R], options: { cause?: unknown; context?: ErrorContext } = {}) {
    super(REASONS[reason].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.code = REASONS[reason].code;
    this.details = details;
    this.context = options.context ?? {};
  }
}

/** Is this an OperationError of the given reason? Narrows the type of its details. */
export function hasReason<R extends Reason>(error: unknown, reason: R): error is OperationError<R> {
  return error instanceof OperationError && error.reason === reason;
}
