/** The codes of gRPC by name (https://grpc.io/docs/guides/status-codes/). */
export type GitErrorCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** What a server has told beyond the code; what it did not tell is absent. */
export interface GitErrorDetail {
  /** The kind of the detail, as the protocol names it: `reference_update`, `merge_conflict`, … */
  readonly kind: string;
  /** The reference that is in the way. */
  readonly reference?: string;
  /** What the reference was expected to be, and what it is. */
  readonly expectedId?: string;
  readonly actualId?: string;
  readonly conflictingFiles?: readonly string[];
  readonly conflictingCommitIds?: readonly string[];
  /** The path that was refused. */
  readonly path?: string;
  /** What a hook has said. */
  readonly hookOutput?: string;
  /** How long to wait before the next attempt. */
  readonly retryAfterMs?: number;
}

/** The facts of a failure. */
export interface GitErrorFacts {
  readonly code: GitErrorCode;
  readonly detail?: GitErrorDetail;
  readonly requestId?: string;
  readonly cause?: unknown;
  /** The call, or an earlier attempt of it, may have been carried out. */
  readonly outcomeUnknown?: boolean;
}

/** A call failed. Its subclasses say how; one that is none of them may be worth another attempt, see `retryable`. */
export class GitError extends Error {
  override readonly name: string = "GitError";
  readonly code: GitErrorCode;
  readonly detail: GitErrorDetail | undefined;
  /** The server's id of the request, for its log. */
  readonly requestId: string | undefined;
  readonly outcomeUnknown: boolean;

  constructor(message: string, facts: GitErrorFacts) {
    super(message, { cause: facts.cause });
    this.code = facts.code;
    this.detail = facts.detail;
    this.requestId = facts.requestId;
    this.outcomeUnknown = facts.outcomeUnknown ?? false;
  }

  /** The server was not there, or too slow: the same call may succeed later. */
  get retryable(): boolean {
    return this.code === "UNAVAILABLE" || this.code === "DEADLINE_EXCEEDED";
  }
}

/** The repository, reference, revision or path does not exist. */
export class NotFoundError extends GitError {
  override readonly name = "NotFoundError";
}

/** What is there does not allow it: a name that is taken, a reference that has moved, sides that do not merge. */
export class ConflictError extends GitError {
  override readonly name = "ConflictError";
}

/** The request is wrong, whatever the repository holds. */
export class ValidationError extends GitError {
  override readonly name = "ValidationError";
}

/** The caller may not do it. */
export class ForbiddenError extends GitError {
  override readonly name = "ForbiddenError";
}

/** No credentials, or wrong ones. */
export class UnauthorizedError extends GitError {
  override readonly name = "UnauthorizedError";
}
