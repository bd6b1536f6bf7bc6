import type { DeliveredEvent } from "../../../contract/events.ts";
import type { Caller } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { watchEvents, watchRepository } from "../../../operations/index.ts";
import { repositoryNamed } from "../../api/derived/repository-field.ts";
import type { EventStream } from "../../http/event-stream.ts";
import { type EventStreams, lastWord } from "../../http/event-streams.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import { eventText } from "./event-text.ts";
import { readSubscription, type SubscriptionQuery } from "./subscription-query.ts";

export interface SseDoorOptions {
  readonly engine: Engine;
  readonly streams: EventStreams;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** Methods of the address; GraphQL over the same address is another door's, and comes before. */
const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"];

/** After a restart all come back; they should not do so in the same moment. */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 2_000;

/** `GET /graphql/subscribe?repo=…&since=…`: events as they happen, for a browser's `EventSource`. */
export function sseDoor(options: SseDoorOptions): HttpDoor {
  return (request, call) => (call.url.pathname === "/graphql/subscribe" ? answer(request, call, options) : undefined);
}

async function answer(request: Request, call: HttpCall, { engine, streams, onBug }: SseDoorOptions): Promise<Response> {
  const { method, headers } = request;
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow: METHODS.join(", ") } });
  if (method !== "GET" && method !== "HEAD")
    throw new OperationError("method_not_allowed", { method, allowed: METHODS });
  const principal = await call.principal();
  const query = readSubscription(call.url.searchParams, headers.get("last-event-id"));
  const stream = streams.open(principal, call);
  try {
    const { requestId, peer } = call;
    const caller: Caller = { principal, door: "sse", requestId, peer, signal: stream.signal };
    const events = watch(engine, query, caller)[Symbol.asyncIterator]();
    // What is wrong shows before anything is told, and is an answer of its own.
    const first = await events.next();
    if (first.done === true) throw new OperationError("canceled", {});
    if (method === "HEAD") {
      stream.end();
      await events.return?.();
      return new Response(null, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
    }
    return respond(stream, first.value, events, { requestId, onBug });
  } catch (error) {
    stream.end();
    throw error;
  }
}

function watch(
  engine: Engine,
  { repos, since, events, admin }: SubscriptionQuery,
  caller: Caller,
): AsyncIterable<DeliveredEvent> {
  const from = { ...(since !== undefined && { since }), ...(events !== undefined && { events: [...events] }) };
  const [repository, ...others] = repos.map((name) => repositoryNamed(name, "repo", engine));
  if (repository === undefined) return engine.run(watchEvents, { ...from, ...(admin && { admin }) }, caller);
  if (others.length === 0) return engine.run(watchRepository, { repository, ...from }, caller);
  return engine.run(watchEvents, { repositories: [repository, ...others], ...from }, caller);
}

/** A function of its own: what the answer holds on to stays as long as the stream, and the request is none of it. */
function respond(
  stream: EventStream,
  first: DeliveredEvent,
  events: AsyncIterator<DeliveredEvent>,
  { requestId, onBug }: { readonly requestId: string; readonly onBug: SseDoorOptions["onBug"] },
): Response {
  return stream.response(() =>
    tell(stream, first, events).catch((error: unknown) => {
      if (stream.signal.aborted) return;
      if (!(error instanceof OperationError)) onBug(error, requestId);
      stream.end(lastWord(error, requestId));
    }),
  );
}

/** Tells a client what happens, no faster than it reads. */
async function tell(stream: EventStream, first: DeliveredEvent, events: AsyncIterator<DeliveredEvent>): Promise<void> {
  try {
    await stream.send(`retry: ${retryMs()}\n${eventText(first)}`);
    while (!stream.signal.aborted) {
      const { value, done } = await events.next();
      if (done === true) return;
      const waiting = stream.send(eventText(value));
      if (waiting !== undefined) await waiting;
    }
  } finally {
    await events.return?.();
  }
}

const retryMs = (): number => RETRY_MIN_MS + Math.floor(Math.random() * RETRY_SPREAD_MS);
