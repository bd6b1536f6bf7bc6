import { hasReason, OperationError } from "../../domain/errors.ts";
import { REASONS } from "../../domain/reasons.ts";
import { CHALLENGES } from "./credentials.ts";

/** An error in the shape of the contract: `error` is always a string. What was not thrown on purpose tells nothing of itself. */
export function errorResponse(error: unknown, requestId: string): Response {
  const told = asOperationError(error);
  const { message, code, reason, details } = told;
  return Response.json(
    { error: message, code, reason, details: plain(details), request_id: requestId },
    { status: REASONS[reason].httpStatus, headers: headersOf(told) },
  );
}

/** What an error says in the head of its answer: what to show, what to ask instead, when to come back. */
export function headersOf(error: OperationError): Headers {
  const headers = new Headers({ "cache-control": "no-store" });
  if (REASONS[error.reason].httpStatus === 401) {
    for (const challenge of CHALLENGES) headers.append("www-authenticate", challenge);
  }
  if (hasReason(error, "method_not_allowed")) headers.set("allow", error.details.allowed.join(", "));
  if (hasReason(error, "limit_exceeded")) {
    headers.set("retry-after", String(Math.max(1, Math.ceil(error.details.retryAfterMs / 1000))));
  }
  return headers;
}

/** What to tell a client: a bug tells nothing of itself. */
export function asOperationError(error: unknown): OperationError {
  return error instanceof OperationError ? error : new OperationError("internal", { what: "see the server's log" });
}

/** Details as JSON can say them: large numbers as text, bytes as text or, where they are no UTF-8, as base64. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return textOrBase64(Buffer.from(value));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

function textOrBase64(bytes: Buffer): string | { base64: string } {
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : { base64: bytes.toString("base64") };
}
