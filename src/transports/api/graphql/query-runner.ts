import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  subscribe,
} from "graphql";
import type { Operation } from "../../../contract/operation.ts";
import { OperationError } from "../../../domain/errors.ts";
import { checkAnswer } from "./answer-budget.ts";
import { DocumentCache } from "./document-cache.ts";
import type { GraphqlContext } from "./graphql-context.ts";
import { badRequest, wholeError } from "./graphql-error.ts";
import { graphqlSchema } from "./graphql-schema.ts";
import { PersistedQueries } from "./persisted-queries.ts";
import { checkCost } from "./query-limits.ts";

/** What a client asks: texts and JSON, not looked at yet. */
export interface QueryParameters {
  readonly query?: string;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** A query that may be run. */
export interface PreparedQuery {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Why a query is not run. */
export interface RefusedQuery {
  readonly errors: readonly GraphQLError[];
}

/**
 * Reads, checks and runs queries, whatever protocol they come over. Errors in what it gives are as they were thrown: `toldError` makes them what
 * clients get.
 */
export class QueryRunner {
  readonly schema: GraphQLSchema;
  readonly #documents: DocumentCache;
  readonly #persisted = new PersistedQueries();

  constructor(schema: GraphQLSchema) {
    this.schema = schema;
    this.#documents = new DocumentCache(schema);
  }

  /** Reads a query and checks that it stays within the limits. */
  prepare(given: QueryParameters): PreparedQuery | RefusedQuery {
    try {
      const parameters = this.#persisted.complete(given);
      const { query, variables = {} } = parameters;
      // An empty name is none: GraphQL over HTTP.
      const operationName = parameters.operationName === "" ? undefined : parameters.operationName;
      if (query === undefined || query === "") return refused("The request has no query.");
      const read = this.#documents.read(query);
      if ("errors" in read) return { errors: read.errors.map(badRequest) };
      const { document } = read;
      const operation = getOperationAST(document, operationName);
      if (!operation) return refused(`The query has ${operationName ? "no" : "more than one"} such operation.`);
      checkCost(this.schema, document, operation, variables);
      this.#persisted.keep(parameters);
      return { document, operation, variables };
    } catch (error) {
      if (error instanceof OperationError) return { errors: [wholeError(error)] };
      if (error instanceof GraphQLError) return { errors: [badRequest(error)] };
      throw error;
    }
  }

  /** Runs a query or a mutation. */
  run(prepared: PreparedQuery, context: GraphqlContext): ExecutionResult | Promise<ExecutionResult> {
    const result = execute(this.#arguments(prepared, context)) as ExecutionResult | Promise<ExecutionResult>;
    return result instanceof Promise ? result.then(checked) : checked(result);
  }

  /** Runs a subscription: its results as they come, or why there are none. */
  subscribe(
    prepared: PreparedQuery,
    context: GraphqlContext,
  ): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
    return subscribe(this.#arguments(prepared, context)) as Promise<
      AsyncGenerator<ExecutionResult, void, void> | ExecutionResult
    >;
  }

  #arguments({ document, operation, variables }: PreparedQuery, contextValue: GraphqlContext) {
    const operationName = operation.name?.value;
    return { schema: this.schema, document, contextValue, variableValues: variables, operationName };
  }
}

/** The queries of these operations' schema, made when they are first asked for. */
export function queriesOf(operations: readonly Operation[]): () => QueryRunner {
  let made: QueryRunner | undefined;
  return () => (made ??= new QueryRunner(graphqlSchema(operations)));
}

/** A result that may be told: what has no data was never begun, because of its variables; what has too much is told without it. */
function checked(result: ExecutionResult): ExecutionResult {
  if (result.data === undefined) return { errors: (result.errors ?? []).map(badRequest) };
  try {
    checkAnswer(result.data);
    return result;
  } catch (error) {
    if (error instanceof OperationError) return { errors: [wholeError(error)] };
    throw error;
  }
}

const refused = (message: string): RefusedQuery => ({ errors: [badRequest(new GraphQLError(message))] });
