import { Metadata, status } from "@grpc/grpc-js";
import {
  ConflictError,
  ForbiddenError,
  GitError,
  type GitErrorCode,
  type GitErrorFacts,
  NotFoundError,
  UnauthorizedError,
  ValidationError,
} from "../errors.ts";
import { statusDetail } from "./status-detail.ts";

/** How a call ended otherwise than well. */
export interface CallStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Trailers in which servers name the request: Holdfast, then those that GitLab wrote. */
const REQUEST_ID_TRAILERS = ["x-request-id", "x-gitlab-correlation-id"];

/** Why an attempt failed, before it is known whether there will be another one. */
export class FailedAttempt extends Error {
  readonly status: CallStatus;

  constructor(status: CallStatus) {
    super(status.details);
    this.status = status;
  }

  /** The server was not there, or was too slow. */
  get transient(): boolean {
    return this.status.code === status.UNAVAILABLE || this.status.code === status.DEADLINE_EXCEEDED;
  }

  /** The server has not seen the call for sure: there was no connection to send it over. */
  get neverSent(): boolean {
    return this.transient && this.#saidByChannel(NEVER_SENT);
  }

  /** The call was cut off before the server told how it ended. */
  get cutOff(): boolean {
    return this.transient || this.#saidByChannel(CUT_OFF);
  }

  /** The channel says so in words of its own and without trailers; a status that comes from a server has some. */
  #saidByChannel(words: RegExp): boolean {
    const { details, metadata } = this.status;
    return words.test(details) && Object.keys(metadata.getMap()).length === 0;
  }
}

const NEVER_SENT =
  /^(?:No connection established|Name resolution failed|Channel closed before call started)|^Deadline exceeded after .*,Waiting for LB pick$/;
const CUT_OFF = /^(?:Bandwidth exhausted or memory limit exceeded|Received RST_STREAM with code|Call cancelled)/;

/** An attempt that failed on this side. */
export function failedAttempt(code: status, details: string): FailedAttempt {
  return new FailedAttempt({ code, details, metadata: new Metadata() });
}

/** The error that applications get for a status. */
export function errorOfStatus({ code, details, metadata }: CallStatus, outcomeUnknown = false): GitError {
  const name = (status[code] ?? "UNKNOWN") as GitErrorCode;
  const detail = statusDetail(metadata);
  const requestId = requestIdOf(metadata);
  return gitError(details === "" ? name : details, {
    code: name,
    ...(detail === undefined ? {} : { detail }),
    ...(requestId === undefined ? {} : { requestId }),
    outcomeUnknown,
  });
}

/** The class that fits the code. */
export function gitError(message: string, facts: GitErrorFacts): GitError {
  switch (facts.code) {
    case "NOT_FOUND":
      return new NotFoundError(message, facts);
    case "ALREADY_EXISTS":
    case "FAILED_PRECONDITION":
      return new ConflictError(message, facts);
    case "ABORTED":
      return facts.detail?.reference === undefined ? new GitError(message, facts) : new ConflictError(message, facts);
    case "INVALID_ARGUMENT":
      return new ValidationError(message, facts);
    case "PERMISSION_DENIED":
      return new ForbiddenError(message, facts);
    case "UNAUTHENTICATED":
      return new UnauthorizedError(message, facts);
    default:
      return new GitError(message, facts);
  }
}

/** The same error after an attempt that may have changed something. */
export function ofUnknownOutcome(error: unknown): unknown {
  if (!(error instanceof GitError) || error.outcomeUnknown) return error;
  const { code, detail, requestId } = error;
  return gitError(error.message, {
    code,
    outcomeUnknown: true,
    cause: error,
    ...(detail === undefined ? {} : { detail }),
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** The same failure in another class; its code and facts stay. */
export function as<T extends GitError>(
  error: GitError,
  Class: new (message: string, facts: GitErrorFacts) => T,
  message = error.message,
): T {
  return new Class(message, {
    code: error.code,
    outcomeUnknown: error.outcomeUnknown,
    cause: error,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
  });
}

function requestIdOf(metadata: Metadata): string | undefined {
  for (const name of REQUEST_ID_TRAILERS) {
    const [value] = metadata.get(name);
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}
