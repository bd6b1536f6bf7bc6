import type { ExecutionResult, GraphQLError } from "graphql";
import type { Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { EventStream } from "../../http/event-stream.ts";
import type { EventStreams } from "../../http/event-streams.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import type { BodyRoom } from "../derived/body-budget.ts";
import type { GraphqlOptions } from "./graphql-door.ts";
import { type ErrorServices, refusal, toldError } from "./graphql-error.ts";
import type { PreparedQuery, RefusedQuery } from "./query-runner.ts";
import { readParameters } from "./read-parameters.ts";
import { contextOf } from "./request-context.ts";
import { type RunResults, SingleConnections } from "./single-connection.ts";
import type { SubscriptionPosition } from "./subscriptions.ts";
import { isStream, toldResult } from "./told-result.ts";

export interface SubscribeOptions extends GraphqlOptions {
  readonly streams: EventStreams;
}

const SUBSCRIBE_PATH = "/graphql/subscribe";
const COMPLETE = "event: complete\ndata:\n\n";

/** Names the stream that all operations of a client share. */
const TOKEN_HEADER = "x-graphql-event-stream-token";

/**
 * `/graphql/subscribe` by the protocol of GraphQL over server-sent events, in both of its modes: a stream for each query, which is asked by a POST
 * with JSON or a GET with `query`; and one stream for all of them. Other requests for the address are for the door of plain events.
 */
export function subscribeDoor(options: SubscribeOptions): HttpDoor {
  const { streams, onBug } = options;
  const single = new SingleConnections({
    streams,
    show: (result, requestId) => payloadOf(result, { requestId, onBug }),
    failed: (error) => ({ errors: [error as GraphQLError] }),
  });
  return (request, call) => {
    if (call.url.pathname !== SUBSCRIBE_PATH) return undefined;
    const { searchParams } = call.url;
    const { method, headers } = request;
    const token = headers.get(TOKEN_HEADER) ?? searchParams.get("token");
    if (method === "PUT" || method === "DELETE" || (token !== null && (method === "GET" || method === "POST")))
      return answerSingle(request, call, token, single, options);
    const asksQuery = method === "POST" || (method === "GET" && searchParams.has("query"));
    return asksQuery ? answer(request, call, options) : undefined;
  };
}

/** What a request does with the one stream of a client. */
async function answerSingle(
  request: Request,
  call: HttpCall,
  token: string | null,
  single: SingleConnections,
  options: SubscribeOptions,
): Promise<Response> {
  const { requestId, url } = call;
  try {
    const principal = await call.principal();
    if (request.method === "PUT")
      return new Response(single.reserve(principal, call), {
        status: 201,
        headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
      });
    if (token === null) throw new OperationError("malformed_request", { part: "token", problem: "is missing" });
    if (request.method === "GET") return single.open(token, principal, call);
    if (request.method === "POST") return await startInSingle(request, call, { token, principal, single }, options);
    single.stop(token, principal, url.searchParams.get("operationId") ?? "");
    return new Response(null, { status: 200 });
  } catch (error) {
    if (error instanceof OperationError) call.refused(error);
    return refusal(error, { requestId, onBug: options.onBug });
  }
}

async function startInSingle(
  request: Request,
  call: HttpCall,
  { token, principal, single }: { token: string; principal: Principal; single: SingleConnections },
  { queries, bodies, engine, onBug }: SubscribeOptions,
): Promise<Response> {
  const room = bodies.room();
  let isStarted = false;
  try {
    const parameters = await readParameters(request, call, bodies, room);
    const prepared = queries().prepare(parameters);
    if ("errors" in prepared)
      return Response.json(payloadOf(prepared, { requestId: call.requestId, onBug }), { status: 400 });
    const isSubscription = prepared.operation.operation === "subscription";
    if (isSubscription) requireSmall(room);
    // The operation outlives the request that asks for it.
    const head = { headers: new Headers(request.headers) };
    const { requestId, peer } = call;
    const run: RunResults = async function* (signal) {
      const context = contextOf(prepared, principal, head, { requestId, peer, signal }, engine);
      const result = await (isSubscription ? queries().subscribe(prepared, context) : queries().run(prepared, context));
      if (!isStream(result)) return yield result;
      yield* result;
      // It has no end of its own: only credentials that are no longer good end it.
      if (!signal.aborted) throw new OperationError("unauthenticated", {});
    };
    single.start(token, principal, parameters.extensions?.["operationId"], requestId, run, room);
    isStarted = true;
    return new Response(null, { status: 202 });
  } finally {
    if (!isStarted) room.release();
  }
}

async function answer(request: Request, call: HttpCall, options: SubscribeOptions): Promise<Response> {
  const { queries, bodies, engine, onBug } = options;
  const services = { requestId: call.requestId, onBug };
  const room = bodies.room();
  try {
    const principal = await call.principal();
    const position = positionOf(request);
    const prepared = queries().prepare(await readParameters(request, call, bodies, room));
    // What is wrong with a query is told in the stream: clients of the protocol look for it there.
    if ("errors" in prepared) return whole(prepared, services);
    if (prepared.operation.operation === "subscription") {
      requireSmall(room);
      return await subscription(prepared, principal, position, request, call, options);
    }
    if (prepared.operation.operation === "mutation" && request.method !== "POST")
      throw new OperationError("method_not_allowed", { method: request.method, allowed: ["POST"] });
    return whole(await queries().run(prepared, contextOf(prepared, principal, request, call, engine)), services);
  } catch (error) {
    if (error instanceof OperationError) call.refused(error);
    return refusal(error, services);
  } finally {
    room.release();
  }
}

/** What a subscription is asked with stays for as long as it is told, and there may be thousands. Throws `malformed_request`. */
export function requireSmall({ isTaken }: BodyRoom): void {
  if (!isTaken) return;
  throw new OperationError("malformed_request", { part: "body", problem: "of a subscription is larger than 64 KiB" });
}

/** How far a client has been told that comes back by itself. Throws `invalid_input`. */
export function positionOf({ headers }: Request): SubscriptionPosition {
  const since = headers.get("last-event-id") ?? "";
  if (!/^[0-9]{0,19}$/.test(since))
    throw new OperationError("invalid_input", { field: "Last-Event-ID", problem: "is not the number of an event" });
  return { since: since === "" ? undefined : since, eventId: undefined };
}

/** Answers with what a subscription tells; or with what is wrong with it. Throws `limit_exceeded` and `shutting_down`. */
export async function subscription(
  prepared: PreparedQuery,
  principal: Principal,
  position: SubscriptionPosition,
  request: Request,
  call: HttpCall,
  { queries, engine, streams, onBug }: SubscribeOptions,
): Promise<Response> {
  const services = { requestId: call.requestId, onBug };
  const stream = streams.open(principal, call, (error) => failed(error, services));
  try {
    const { requestId, peer } = call;
    const context = contextOf(prepared, principal, request, { requestId, peer, signal: stream.signal }, engine);
    const results = await queries().subscribe(prepared, { ...context, position });
    if (isStream(results)) return respond(stream, results, position, services);
    stream.end();
    return whole(results, services);
  } catch (error) {
    stream.end();
    throw error;
  }
}

/** A function of its own: what the answer holds on to stays as long as the stream, and the request is none of it. */
function respond(
  stream: EventStream,
  results: AsyncIterable<ExecutionResult>,
  position: SubscriptionPosition,
  services: ErrorServices,
): Response {
  return stream.response(() =>
    tell(stream, results, position, services).catch((error: unknown) => {
      if (!stream.signal.aborted) stream.end(failed(error, services));
    }),
  );
}

async function tell(
  stream: EventStream,
  results: AsyncIterable<ExecutionResult>,
  position: SubscriptionPosition,
  services: ErrorServices,
): Promise<void> {
  // A block that is a number alone is no message: it tells an `EventSource` where it is.
  if (position.eventId !== undefined) await stream.send(`id: ${position.eventId}\n\n`);
  for await (const result of results) {
    if (stream.signal.aborted) return;
    const waiting = stream.send(`id: ${position.eventId}\n${next(result, services)}`);
    if (waiting !== undefined) await waiting;
  }
}

/** Why a stream ends. One that is to come back, to the next server, is not told that all is complete. */
function failed(error: unknown, services: ErrorServices): string {
  if (error instanceof OperationError && error.reason === "shutting_down") return "";
  return `${message({ errors: [inStream(toldError(error, services))] })}${COMPLETE}`;
}

/** One result, and that it was all. */
function whole(result: ExecutionResult | RefusedQuery, services: ErrorServices): Response {
  return new Response(`${next(result, services)}${COMPLETE}`, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

const next = (result: ExecutionResult | RefusedQuery, services: ErrorServices): string =>
  message(payloadOf(result, services));

const message = (payload: object): string => `event: next\ndata: ${JSON.stringify(payload)}\n\n`;

/** A result as it stands in a stream. */
function payloadOf(result: ExecutionResult | RefusedQuery, services: ErrorServices): object {
  const told = toldResult(result, services) as ExecutionResult;
  return told.errors === undefined ? told : { ...told, errors: told.errors.map(inStream) };
}

/** An error without what it would mean for an answer that is no stream. */
function inStream(error: GraphQLError): object {
  const { extensions, ...told } = error.toJSON();
  const { http: _, ...facts } = extensions ?? {};
  return { ...told, extensions: facts };
}
