import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { JsonBodies } from "../derived/json-bodies.ts";
import type { EventStreams } from "../../http/event-streams.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import { type AnswerWriter, answerWriter } from "./answer-writer.ts";
import { asksPage, graphiqlPage } from "./graphiql-page.ts";
import { reasonOf, refusal } from "./graphql-error.ts";
import type { QueryRunner } from "./query-runner.ts";
import { readParameters } from "./read-parameters.ts";
import { contextOf } from "./request-context.ts";
import { positionOf, requireSmall, subscription } from "./subscribe-door.ts";
import { toldResult } from "./told-result.ts";

export const GRAPHQL_PATH = "/graphql";

/** Largest body of a query. What is larger, files above all, goes over the REST API. */
export const GRAPHQL_BODY_BYTES_MAX = 8 * 1024 * 1024;

const METHODS = ["GET", "POST", "OPTIONS"];

export interface GraphqlOptions {
  readonly engine: Engine;
  /** Made when the first query comes: a schema of all operations takes a while, and many servers are never asked for it. */
  readonly queries: () => QueryRunner;
  readonly bodies: JsonBodies;
  /** Where subscriptions are told by server-sent events; absent: as the library does it. */
  readonly streams?: EventStreams;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** `/graphql`: every operation that has a route, as a field, and the graph of what a repository holds. */
export function graphqlDoor(options: GraphqlOptions): HttpDoor {
  const writer = answerWriter();
  return (request, call) => {
    const { pathname } = call.url;
    if (pathname !== GRAPHQL_PATH && pathname !== `${GRAPHQL_PATH}/`) return undefined;
    return answer(request, call, options, writer);
  };
}

async function answer(
  request: Request,
  call: HttpCall,
  { streams, ...options }: GraphqlOptions,
  write: AnswerWriter,
): Promise<Response> {
  const { engine, queries, bodies, onBug } = options;
  const services = { requestId: call.requestId, onBug };
  const room = bodies.room();
  try {
    if (request.method === "OPTIONS")
      return new Response(null, { status: 204, headers: { allow: METHODS.join(", ") } });
    if (!METHODS.includes(request.method))
      throw new OperationError("method_not_allowed", { method: request.method, allowed: METHODS });
    if (asksPage(request, call.url)) return await graphiqlPage(request);
    const principal = await call.principal();
    const prepared = queries().prepare(await readParameters(request, call, bodies, room));
    if ("errors" in prepared) {
      call.refused(reasonOf(prepared.errors[0]));
      return await write(request, toldResult(prepared, services));
    }
    if (prepared.operation.operation === "mutation" && request.method !== "POST")
      throw new OperationError("method_not_allowed", { method: request.method, allowed: ["POST"] });
    if (prepared.operation.operation === "subscription" && streams !== undefined) {
      if (!takesEvents(request))
        throw new OperationError("malformed_request", {
          part: "accept",
          problem: "has no text/event-stream, by which subscriptions are told",
        });
      requireSmall(room);
      return await subscription(prepared, principal, positionOf(request), request, call, { ...options, streams });
    }
    // Garbage is collected for minutes before there is anything to say.
    if (prepared.operation.operation === "mutation") call.watchTime();
    const context = contextOf(prepared, principal, request, call, engine);
    const result =
      prepared.operation.operation === "subscription"
        ? await queries().subscribe(prepared, context)
        : await queries().run(prepared, context);
    const response = await write(request, toldResult(result, services));
    if (context.writers.isReplayed) response.headers.set("idempotent-replayed", "true");
    return response;
  } catch (error) {
    if (error instanceof OperationError) call.refused(error);
    return refusal(error, services);
  } finally {
    room.release();
  }
}

const takesEvents = ({ headers }: Request): boolean => /\btext\/event-stream\b/i.test(headers.get("accept") ?? "");
