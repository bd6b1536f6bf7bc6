import { type ASTNode, GraphQLError, type GraphQLErrorOptions } from "graphql";
import { OperationError } from "../../../domain/errors.ts";
import { type Reason, REASONS } from "../../../domain/reasons.ts";
import { asOperationError, errorBody, headersOf } from "../../http/error-response.ts";

/** What an error of a field, or of the whole query, is told as. */
export interface ErrorServices {
  readonly requestId: string;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** Words that clients know an error by. */
const MESSAGES: Readonly<Partial<Record<Reason, string>>> = { persisted_query_not_found: "PersistedQueryNotFound" };

/** What the library says about a query or about the request that brought it. */
interface LibraryExtensions {
  readonly http?: { readonly status?: number; readonly headers?: Record<string, string>; readonly spec?: boolean };
}

/**
 * An error as clients get it: `extensions` has `code`, `reason`, `details` and `request_id`, as in the errors of the REST API. What GraphQL itself
 * finds wrong with a query is `malformed_request`. A bug tells nothing of itself.
 */
export function toldError(error: unknown, services: ErrorServices): GraphQLError {
  const located = error instanceof GraphQLError ? error : undefined;
  const thrown = originalOf(error);
  const http = located?.extensions["http"];
  if (thrown instanceof GraphQLError) return ofLibrary(thrown, located ?? thrown, services.requestId);
  if (!(thrown instanceof OperationError)) services.onBug(thrown, services.requestId);
  const told = asOperationError(thrown);
  const { error: sentence, ...extensions } = errorBody(told, services.requestId);
  return new GraphQLError(MESSAGES[told.reason] ?? sentence, {
    ...placeOf(located),
    extensions: { ...extensions, ...(http !== undefined && { http }) },
  });
}

/** An error of the whole request, which has no data then. */
export function wholeError(error: OperationError, nodes?: ASTNode): GraphQLError {
  const { httpStatus } = REASONS[error.reason];
  return new GraphQLError(error.message, {
    nodes: nodes ?? null,
    originalError: error,
    extensions: { http: { status: httpStatus, spec: true } },
  });
}

/** What a message has at most, in characters: GraphQL repeats values whole. */
const MESSAGE_CHARACTERS_MAX = 1000;

/** What GraphQL itself finds wrong with a query; clients that know no better are told so with a status of 200. */
export function badRequest(error: GraphQLError): GraphQLError {
  if (error.extensions["http"] !== undefined) return error;
  const extensions = { ...error.extensions, http: { status: 400, spec: true } };
  const { message } = error;
  const told = message.length > MESSAGE_CHARACTERS_MAX ? `${message.slice(0, MESSAGE_CHARACTERS_MAX)}…` : message;
  return new GraphQLError(told, { ...placeOf(error), extensions });
}

/** The answer to a request that is refused before its query is looked at. */
export function refusal(error: unknown, services: ErrorServices): Response {
  if (!(error instanceof OperationError)) services.onBug(error, services.requestId);
  const told = asOperationError(error);
  const { error: message, ...extensions } = errorBody(told, services.requestId);
  const headers = headersOf(told);
  headers.set("content-type", "application/graphql-response+json; charset=utf-8");
  return new Response(JSON.stringify({ errors: [{ message, extensions }] }), {
    status: REASONS[told.reason].httpStatus,
    headers,
  });
}

/** Why a query is refused. */
export function reasonOf(error: GraphQLError | undefined): OperationError {
  const thrown = originalOf(error);
  if (thrown instanceof OperationError) return thrown;
  return new OperationError("malformed_request", { part: "query", problem: error?.message ?? "is none" });
}

function ofLibrary(error: GraphQLError, located: GraphQLError, requestId: string): GraphQLError {
  const { http } = error.extensions as LibraryExtensions;
  const { error: _, ...extensions } = errorBody(reasonOf(error), requestId);
  return new GraphQLError(error.message, {
    ...placeOf(located),
    extensions: { ...extensions, ...(http !== undefined && { http }) },
  });
}

function placeOf(error: GraphQLError | undefined): GraphQLErrorOptions {
  if (error === undefined) return {};
  const { nodes, source, positions, path } = error;
  return { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null };
}

/** What was thrown, below however many errors that only say where. */
function originalOf(error: unknown): unknown {
  let thrown = error;
  while (thrown instanceof GraphQLError && thrown.originalError instanceof Error) thrown = thrown.originalError;
  return thrown;
}
