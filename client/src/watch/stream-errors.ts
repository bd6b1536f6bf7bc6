import {
  ForbiddenError,
  GitError,
  type GitErrorCode,
  type GitErrorFacts,
  NotFoundError,
  UnauthorizedError,
  ValidationError,
} from "../errors.ts";

/** Why a connection has ended: for good, or so that another attempt may do better. */
export interface ConnectionEnd {
  readonly error: GitError;
  readonly final: boolean;
}

/** Codes behind which another attempt may do better; all others say the same again. */
const PASSING: ReadonlySet<string> = new Set<GitErrorCode>([
  "CANCELLED",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
  "ABORTED",
  "INTERNAL",
  "UNAVAILABLE",
]);

const CODES: ReadonlySet<string> = new Set<GitErrorCode>([
  ...(PASSING as ReadonlySet<GitErrorCode>),
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "DATA_LOSS",
  "UNAUTHENTICATED",
]);

/** What the server has said in a message. */
export function endOfError(error: string, serverCode: string, requestId?: string): ConnectionEnd {
  const name = serverCode.toUpperCase().replace("CANCELED", "CANCELLED");
  const code = CODES.has(name) ? (name as GitErrorCode) : "UNKNOWN";
  const facts = { code, ...(requestId !== undefined && { requestId }) };
  return { error: errorOf(error, facts), final: !PASSING.has(code) };
}

/** What the server, or a proxy before it, has answered instead of opening a WebSocket. */
export function endOfStatus(status: number): ConnectionEnd {
  const message = `no WebSocket: HTTP status ${status}`;
  if (status === 401) return final(errorOf(message, { code: "UNAUTHENTICATED" }));
  if (status === 403) return final(errorOf(message, { code: "PERMISSION_DENIED" }));
  if (status === 404) return final(errorOf(`${message}: no Holdfast is at this address`, { code: "NOT_FOUND" }));
  if (status === 408 || status === 425 || status === 429 || status >= 500) return lost(message);
  return final(errorOf(message, { code: "FAILED_PRECONDITION" }));
}

const CLOSED_UNAUTHENTICATED = 4401;
const CLOSED_TOO_LARGE = 1009;

/** How a WebSocket was closed (RFC 6455, 7.4). */
export function endOfClose(code: number, reason: string): ConnectionEnd {
  const message = `the connection was closed: ${code}${reason === "" ? "" : ` ${reason}`}`;
  if (code === CLOSED_UNAUTHENTICATED) return final(errorOf(message, { code: "UNAUTHENTICATED" }));
  if (code === CLOSED_TOO_LARGE) return final(errorOf(message, { code: "RESOURCE_EXHAUSTED" }));
  return lost(message);
}

/** The connection is not there, or no longer. */
export const lost = (message: string, cause?: unknown): ConnectionEnd => ({
  error: new GitError(message, { code: "UNAVAILABLE", cause }),
  final: false,
});

/** No attempt will do better. */
export const final = (error: GitError): ConnectionEnd => ({ error, final: true });

function errorOf(message: string, facts: GitErrorFacts): GitError {
  switch (facts.code) {
    case "NOT_FOUND":
      return new NotFoundError(message, facts);
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
