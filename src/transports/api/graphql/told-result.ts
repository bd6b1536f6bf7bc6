import type { ExecutionResult } from "graphql";
import { type ErrorServices, toldError } from "./graphql-error.ts";

/** What comes of a query: an answer, or the answers of a subscription as they come. */
export type QueryResult = ExecutionResult | AsyncIterable<ExecutionResult>;

/** A result with its errors as clients get them. */
export function toldResult(result: QueryResult, services: ErrorServices): QueryResult {
  return isStream(result) ? toldStream(result, services) : toldOne(result, services);
}

export const isStream = (result: QueryResult): result is AsyncIterable<ExecutionResult> =>
  Symbol.asyncIterator in result;

function toldOne(result: ExecutionResult, services: ErrorServices): ExecutionResult {
  if (result.errors === undefined) return result;
  const errors = result.errors.map((error) => toldError(error, services));
  return { ...result, errors };
}

async function* toldStream(results: AsyncIterable<ExecutionResult>, services: ErrorServices) {
  for await (const result of results) yield toldOne(result, services);
}
