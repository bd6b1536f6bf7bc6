import { fromByteString } from "../../domain/bytes.ts";
import { errorSentence } from "../../domain/error-sentence.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import { REASONS } from "../../domain/reasons.ts";
import { CHALLENGES } from "./credentials.ts";

/**
 * An error in the shape of the contract: `error` is always a string. What was not thrown on purpose tells nothing of itself. `status` is
 * given where the request makes another one of it than the reason does.
 */
export function errorResponse(error: unknown, requestId: string, status?: number): Response {
  const told = asOperationError(error);
  return Response.json(errorBody(told, requestId), {
    status: status ?? REASONS[told.reason].httpStatus,
    headers: headersOf(told),
  });
}

/** What an error's answer says. */
export function errorBody(error: OperationError, requestId: string) {
  const { code, reason, details } = error;
  return { error: errorSentence(error), code, reason, details: inJson(details), request_id: requestId };
}

/** When to come back where something is held, or is starting or stopping: nobody knows, and soon is mostly right. Seconds. */
const RETRY_AFTER_S = "1";

/** What an error says in the head of its answer: what to show, what to ask instead, when to come back. */
export function headersOf(error: OperationError): Headers {
  const headers = new Headers({ "cache-control": "no-store" });
  if (REASONS[error.reason].httpStatus === 401) {
    for (const challenge of CHALLENGES) headers.append("www-authenticate", challenge);
  }
  if (hasReason(error, "method_not_allowed")) headers.set("allow", error.details.allowed.join(", "));
  const { httpStatus, retry } = REASONS[error.reason];
  if (retry === "retry" && (httpStatus === 409 || httpStatus === 503)) headers.set("retry-after", RETRY_AFTER_S);
  if (hasReason(error, "limit_exceeded")) {
    headers.set("retry-after", String(Math.max(1, Math.ceil(error.details.retryAfterMs / 1000))));
  }
  return headers;
}

/** What to tell a client: a bug tells nothing of itself. */
export function asOperationError(error: unknown): OperationError {
  return error instanceof OperationError ? error : new OperationError("internal", { what: "see the server's log" });
}

/** Details that are byte strings: names, revisions, paths. */
const BYTE_STRINGS: ReadonlySet<string> = new Set([
  "references",
  "revision",
  "reference",
  "path",
  "pattern",
  "conflictsWith",
  "parent",
  "child",
  "conflictingPaths",
  "paths",
]);

/** No name or path that Git keeps is longer; whatever else a caller sent need not come back whole. */
const FACT_BYTES_MAX = 4096;

/** Details as JSON can say them, named in its manner: large numbers as text, bytes as text or, where they are no UTF-8, as base64. */
function inJson(details: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      plain(value, BYTE_STRINGS.has(name)),
    ]),
  );
}

function plain(value: unknown, isByteString: boolean): unknown {
  if (typeof value === "bigint") return value.toString();
  // What a hook has said, a hunk: bounded where it comes from.
  if (value instanceof Uint8Array) return textOrBase64(Buffer.from(value));
  if (Array.isArray(value)) return value.map((each) => plain(each, isByteString));
  if (typeof value === "string")
    return isByteString ? clippedBytes(Buffer.from(fromByteString(value))) : clipped(value);
  if (typeof value !== "object" || value === null) return value;
  return inJson(value);
}

function textOrBase64(bytes: Buffer): string | { base64: string } {
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : { base64: bytes.toString("base64") };
}

const clipped = (text: string): string => (text.length > FACT_BYTES_MAX ? `${text.slice(0, FACT_BYTES_MAX)}…` : text);

function clippedBytes(bytes: Buffer): string | { base64: string } {
  if (bytes.length <= FACT_BYTES_MAX) return textOrBase64(bytes);
  let end = FACT_BYTES_MAX;
  // Not in the middle of a character.
  while (end > FACT_BYTES_MAX - 4 && (bytes[end]! & 0xc0) === 0x80) end--;
  const told = textOrBase64(bytes.subarray(0, end));
  return typeof told === "string" ? `${told}…` : told;
}
