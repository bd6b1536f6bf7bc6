import { OperationError } from "../../domain/errors.ts";
import { REASONS } from "../../domain/reasons.ts";

/** An error in the shape of the contract: `error` is always a string. What was not thrown on purpose tells nothing of itself. */
export function errorResponse(error: unknown, requestId: string): Response {
  const { message, code, reason, details } = asOperationError(error);
  return Response.json(
    { error: message, code, reason, details: plain(details), request_id: requestId },
    { status: REASONS[reason].httpStatus, headers: { "cache-control": "no-store" } },
  );
}

function asOperationError(error: unknown): OperationError {
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
