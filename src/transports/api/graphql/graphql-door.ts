import { getOperationAST, type GraphQLSchema, parse } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { Operation } from "../../../contract/operation.ts";
import type { Caller, Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import type { GraphqlContext } from "./graphql-context.ts";
import { refusal, toldError, wholeError } from "./graphql-error.ts";
import { graphqlSchema } from "./graphql-schema.ts";
import { checkCost, countingRule, overLimit, QUERY_LIMITS } from "./query-limits.ts";
import { readParameters } from "./read-parameters.ts";

export const GRAPHQL_PATH = "/graphql";

/** Fields that work in a session take this one where they do not name another. */
const SESSION_HEADER = "holdfast-session";

export interface GraphqlOptions {
  readonly engine: Engine;
  /** Those that have a route are fields. */
  readonly operations: readonly Operation[];
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** What the library carries through a request. */
export interface GraphqlRequest extends GraphqlContext {
  readonly call: HttpCall;
}

/** `/graphql`: every operation that has a route, as a field, and the graph of what a repository holds. */
export function graphqlDoor(options: GraphqlOptions): HttpDoor {
  let opened: GraphqlServer | undefined;
  return (request, call) => {
    const { pathname } = call.url;
    if (pathname !== GRAPHQL_PATH && pathname !== `${GRAPHQL_PATH}/`) return undefined;
    // A schema of all operations takes a while to make, and many servers are never asked for it.
    opened ??= openYoga(options, graphqlSchema(options.operations));
    return answer(request, call, options, opened);
  };
}

type GraphqlServer = ReturnType<typeof openYoga>;

async function answer(
  request: Request,
  call: HttpCall,
  { engine, onBug }: GraphqlOptions,
  yoga: GraphqlServer,
): Promise<Response> {
  try {
    const { headers } = request;
    const context: GraphqlRequest = {
      call,
      engine,
      caller: callerOf(await call.principal(), call),
      session: headers.get(SESSION_HEADER) ?? undefined,
      idempotencyKey: headers.get("idempotency-key") ?? undefined,
    };
    return await yoga.fetch(request, context);
  } catch (error) {
    if (error instanceof OperationError) call.refused(error);
    return refusal(error, { requestId: call.requestId, onBug });
  }
}

function callerOf(principal: Principal, { requestId, peer, signal }: HttpCall): Caller {
  return { principal, door: "graphql", requestId, peer, signal };
}

function openYoga({ onBug }: GraphqlOptions, schema: GraphQLSchema) {
  const errors: Plugin<GraphqlRequest> = {
    onResultProcess({ result, setResult, serverContext }) {
      const { call } = serverContext as unknown as GraphqlRequest;
      const told = (error: unknown) => toldError(error, { requestId: call.requestId, onBug });
      if (!("errors" in result) || result.errors === undefined) return;
      setResult({ ...result, errors: result.errors.map(told) });
    },
  };
  const limits: Plugin<GraphqlRequest> = {
    onRequestParse: ({ request, setRequestParser }) => setRequestParser(() => readParameters(request)),
    onParams({ params: { query } }) {
      if (query !== undefined && query.length > QUERY_LIMITS.characters) throw wholeError(overLimit("characters"));
    },
    onParse({ setParseFn }) {
      setParseFn((source: string) => parse(source, { maxTokens: QUERY_LIMITS.tokens }));
    },
    onValidate: ({ addValidationRule }) => addValidationRule(countingRule),
    onExecute({ args, setResultAndStopExecution }) {
      const { document, operationName, variableValues } = args;
      const operation = getOperationAST(document, operationName);
      // The library tells what is wrong with the name.
      if (!operation) return;
      try {
        checkCost(schema, document, operation, (variableValues ?? {}) as Record<string, unknown>);
      } catch (error) {
        setResultAndStopExecution({ errors: [error instanceof OperationError ? wholeError(error) : (error as never)] });
      }
    },
  };
  return createYoga<GraphqlRequest>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    plugins: [errors, limits],
    logging: false,
    maskedErrors: false,
    landingPage: false,
    multipart: false,
    cors: false,
    graphiql: false,
    batching: false,
    // Bodies are counted where they are read.
    maxRequestBodySize: false,
  });
}
