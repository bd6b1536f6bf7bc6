import type { Principal } from "../../../contract/principal.ts";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import { REASONS, type Reason } from "../../../domain/reasons.ts";
import { asOperationError, errorResponse, headersOf } from "../../http/error-response.ts";

/** What a caller without credentials is asked for credentials for: it may be that he may see it. */
const HIDDEN: ReadonlySet<Reason> = new Set<Reason>(["repository_not_found", "forbidden", "unauthenticated"]);

/** The failure as a caller may know it: whoever has shown nothing hears the same of what is not there and of what is not for him. */
export function toldTo(principal: Principal | undefined, error: unknown): unknown {
  const hidden = error instanceof OperationError && HIDDEN.has(error.reason);
  return hidden && principal?.kind === "anonymous"
    ? new OperationError("unauthenticated", {}, { cause: error })
    : error;
}

/**
 * The answer to a request that failed before its first byte. Git shows a person what is text/plain, line by line, as words of the remote
 * side; a client that accepts JSON gets the shape that all HTTP doors share.
 */
export function refusal(error: unknown, { headers }: Request, requestId: string): Response {
  if (headers.get("accept")?.includes("application/json") === true) return errorResponse(error, requestId);
  const told = asOperationError(error);
  const answer = new Response(`${textOf(told, requestId)}\n`, {
    status: REASONS[told.reason].httpStatus,
    headers: headersOf(told),
  });
  answer.headers.set("content-type", "text/plain; charset=utf-8");
  return answer;
}

function textOf(error: OperationError, requestId: string): string {
  if (hasReason(error, "unauthenticated")) return "authentication required: give a token as the password";
  if (hasReason(error, "repository_not_found")) return `repository not found: ${error.details.repository}`;
  if (hasReason(error, "malformed_request"))
    return `${error.message}: the ${error.details.part} ${error.details.problem}`;
  if (hasReason(error, "invalid_input")) return `${error.message}: the ${error.details.field} ${error.details.problem}`;
  if (hasReason(error, "service_not_offered")) {
    return `${error.details.service} is not served here; git 1.6.6 and later speak what is (unset GIT_SMART_HTTP)`;
  }
  if (hasReason(error, "media_type_unsupported")) {
    const { expected, mediaType } = error.details;
    return `Expected POST with Content-Type '${expected}', but received '${mediaType}' instead.`;
  }
  if (hasReason(error, "too_large")) {
    const { what, limitBytes } = error.details;
    return `the ${what} is larger than the limit of ${limitBytes} bytes`;
  }
  if (hasReason(error, "internal")) return `internal error; request ${requestId} in the server's log`;
  const facts = Object.values(error.details).filter((value) => typeof value === "string" && value !== "");
  return facts.length === 0 ? error.message : `${error.message}: ${facts.join(", ")}`;
}
