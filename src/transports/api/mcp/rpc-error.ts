import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { hasReason, type OperationError } from "../../../domain/errors.ts";
import { REASONS } from "../../../domain/reasons.ts";
import { asOperationError, errorBody, headersOf } from "../../http/error-response.ts";
import { nextStep } from "./next-step.ts";

/** Of ours, among those that JSON-RPC leaves to servers. */
const SERVER_ERROR = -32000;

/** An error of an operation as an error of the protocol: for whatever has no results of its own that could tell it. */
export function protocolError(error: OperationError, requestId: string): ProtocolError {
  const { code, message, data } = rpcError(error, requestId);
  return new ProtocolError(code, message, data);
}

/** The answer to a request whose message is not served at all. `challenge` says how to say who asks. */
export function refusal(error: unknown, requestId: string, challenge: string, id: unknown = null): Response {
  const told = asOperationError(error);
  const headers = headersOf(told);
  if (REASONS[told.reason].httpStatus === 401) headers.set("www-authenticate", challenge);
  const body = { jsonrpc: "2.0", id: isId(id) ? id : null, error: rpcError(told, requestId) };
  // A message that could be read is answered as a message.
  const status = isId(id) && told.reason !== "unauthenticated" ? 200 : REASONS[told.reason].httpStatus;
  return Response.json(body, { status, headers });
}

function rpcError(error: OperationError, requestId: string) {
  const data = { ...errorBody(error, requestId), ...nextStep(error) };
  return { code: codeOf(error), message: data.error, data };
}

function codeOf(error: OperationError): number {
  const { code } = error;
  // A body that could not be read is no message; what is wrong with a request's head says nothing of its body.
  if (hasReason(error, "malformed_request"))
    return error.details.part === "body" ? ProtocolErrorCode.ParseError : ProtocolErrorCode.InvalidRequest;
  if (code === "invalid_argument" || code === "not_found") return ProtocolErrorCode.InvalidParams;
  return code === "internal" ? ProtocolErrorCode.InternalError : SERVER_ERROR;
}

const isId = (id: unknown): id is string | number => typeof id === "string" || typeof id === "number";
