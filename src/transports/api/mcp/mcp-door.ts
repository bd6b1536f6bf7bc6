import { randomUUID } from "node:crypto";
import { createMcpHandler, type McpHttpHandler } from "@modelcontextprotocol/server";
import type { Operation } from "../../../contract/operation.ts";
import type { Caller, Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { EventStream } from "../../http/event-stream.ts";
import type { EventStreams } from "../../http/event-streams.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import type { JsonBodies } from "../derived/json-bodies.ts";
import { type ClientSession, ClientSessions } from "./client-sessions.ts";
import { listenByGet } from "./listen-by-get.ts";
import { followedBy, type Updates, updatesOf } from "./listen.ts";
import { isMcpPath } from "./mcp-paths.ts";
import { challengeOf, protectedResource } from "./protected-resource.ts";
import { type PlainCall, plainAnswer, plainCall } from "./plain-call.ts";
import { callTool, type McpCall, type McpServices, protocolServer, serverInfo } from "./protocol-server.ts";
import { readMessage, releasing } from "./read-message.ts";
import { refusal } from "./rpc-error.ts";
import { ToolCatalogue } from "./tool-catalogue.ts";
import { parseToolsets } from "./toolsets.ts";

const TOOLSETS_HEADER = "holdfast-toolsets";
const SESSION_HEADER = "mcp-session-id";
/** As the protocol has it: visible ASCII. */
const SESSION_ID = /^[\x21-\x7e]{1,128}$/;
/** Without a session; clients of 2025 have one. */
const METHODS = ["POST", "OPTIONS"];

/** What of a message is looked at here. */
interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly requestId?: unknown };
}

export interface McpOptions {
  readonly engine: Engine;
  readonly operations: readonly Operation[];
  readonly bodies: JsonBodies;
  /** The streams of all doors: they are counted together, and end with the server. */
  readonly streams: EventStreams;
  readonly version: string;
  /** Where users see this server; absent: where the request came to. */
  readonly publicUrl: URL | undefined;
  /** Toolsets of clients that ask for none: `default,history`. */
  readonly toolsets: string;
  /** How long a result may be, bytes of JSON. */
  readonly resultBytesMax: number;
  readonly nowMs: () => number;
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** `/mcp`: the Model Context Protocol over streamable HTTP, without sessions of its own. */
export class McpDoor {
  readonly #options: McpOptions;
  readonly #services: McpServices;
  readonly #calls = new WeakMap<Request, McpCall>();
  readonly #handler: McpHttpHandler;
  readonly #sessions = new ClientSessions();

  constructor(options: McpOptions) {
    this.#options = options;
    const catalogue = new ToolCatalogue(options.operations, options.engine);
    this.#services = { ...options, catalogue };
    this.#handler = this.#handlerOf();
  }

  readonly answer: HttpDoor = (request, call) => {
    const { pathname } = call.url;
    if (!isMcpPath(pathname)) return undefined;
    return protectedResource(request, call, this.#originOf(call)) ?? this.#answer(request, call);
  };

  close(): Promise<void> {
    return this.#handler.close();
  }

  #handlerOf(bus?: Updates): McpHttpHandler {
    const serve = ({ requestInfo, era }: { readonly requestInfo?: Request; readonly era: "legacy" | "modern" }) => {
      const call = requestInfo && this.#calls.get(requestInfo);
      if (call === undefined) throw new OperationError("internal", { what: "a request of nobody" });
      return protocolServer(call, this.#services, era);
    };
    return createMcpHandler(serve, bus === undefined ? {} : { bus, keepAliveMs: 0 });
  }

  async #answer(request: Request, call: HttpCall): Promise<Response> {
    let id: unknown;
    const room = this.#options.bodies.room();
    try {
      if (request.method === "OPTIONS")
        return new Response(null, { status: 204, headers: { allow: METHODS.join(", ") } });
      const principal = await call.principal();
      // A server that nobody may use without a token says so at once: clients ask for one where they are told 401, and only there.
      if (principal.kind === "anonymous" && !(await this.#services.catalogue.hasAny(principal)))
        throw new OperationError("unauthenticated", {});
      if (request.method !== "POST") return await this.#answerSession(request, call, principal);
      const session = this.#sessionOf(request, call, principal);
      const called = this.#callOf(request, call, principal, session);
      const message = await readMessage(request, call, this.#options.bodies, room);
      const { id: given, method, params } = (message ?? {}) as Message;
      id = given;
      // What a tool does may take its time; the client is told that it runs where it asks for that.
      call.watchTime();
      const plain = await this.#answerPlain(plainCall(message, request.headers), call, called);
      if (plain !== undefined) return releasing(plain, room, call);
      this.#calls.set(request, called);
      if (method === "subscriptions/listen")
        return releasing(await this.#listen(request, call, principal, message), room, call);
      if (method === "notifications/cancelled") session?.cancel(params?.requestId);
      const response = await this.#handler.fetch(request, { parsedBody: message });
      if (method === "initialize") response.headers.set(SESSION_HEADER, randomUUID());
      return releasing(response, room, call);
    } catch (error) {
      room.release();
      if (error instanceof OperationError) call.refused(error);
      else this.#options.onBug(error, call.requestId);
      return refusal(error, call.requestId, challengeOf(this.#originOf(call)), id);
    }
  }

  /** The answer to the plain call of a tool that reads; others may take so long that the connection has to be kept alive. */
  async #answerPlain(
    plain: PlainCall | undefined,
    { signal }: HttpCall,
    called: McpCall,
  ): Promise<Response | undefined> {
    const tool = plain && this.#services.catalogue.find(plain.name);
    if (tool === undefined || tool.derived.operation.kind !== "read") return undefined;
    return plainAnswer(
      plain!,
      await callTool(tool, plain!, signal, called, this.#services),
      serverInfo(this.#services),
    );
  }

  /** GET and DELETE: clients of 2025 listen, and say goodbye. Without a session there is neither. */
  async #answerSession(request: Request, call: HttpCall, principal: Principal): Promise<Response> {
    const session = this.#sessionOf(request, call, principal);
    if (session === undefined) return withAllow(await this.#handler.fetch(request));
    if (request.method === "DELETE") {
      this.#sessions.end(request.headers.get(SESSION_HEADER)!, principal, call.peer);
      return new Response(null, { status: 204 });
    }
    if (request.method !== "GET") return withAllow(await this.#handler.fetch(request));
    if (!(request.headers.get("accept") ?? "").includes("text/event-stream"))
      throw new OperationError("malformed_request", { part: "accept", problem: "names no text/event-stream" });
    const stream = this.#options.streams.open(principal, call);
    try {
      const { requestId, peer } = call;
      const caller: Caller = { principal, door: "mcp", requestId, peer, signal: stream.signal };
      return await listenByGet(stream, session, { ...this.#services, caller });
    } catch (error) {
      stream.end();
      throw error;
    }
  }

  #sessionOf({ headers }: Request, { peer }: HttpCall, principal: Principal): ClientSession | undefined {
    const id = headers.get(SESSION_HEADER);
    if (id === null) return undefined;
    if (!SESSION_ID.test(id))
      throw new OperationError("malformed_request", { part: SESSION_HEADER, problem: "is no id of a session" });
    return this.#sessions.of(id, principal, peer);
  }

  #callOf(
    { headers }: Request,
    { requestId, peer, url }: HttpCall,
    principal: Principal,
    session: ClientSession | undefined,
  ): McpCall {
    const chosen = headers.get(TOOLSETS_HEADER) ?? url.searchParams.get("toolsets") ?? this.#options.toolsets;
    const toolsets = parseToolsets(chosen, this.#services.catalogue.toolsets);
    return { principal, requestId, peer, toolsets, ...(session !== undefined && { session }) };
  }

  /** A stream of what happens to resources: it ends with the client, its credential, or the server. */
  async #listen(request: Request, call: HttpCall, principal: Principal, message: unknown): Promise<Response> {
    const followed = followedBy(message);
    const stream = this.#options.streams.open(principal, call);
    try {
      const { requestId, peer } = call;
      const caller: Caller = { principal, door: "mcp", requestId, peer, signal: stream.signal };
      const updates = await updatesOf(followed, this.#options.engine, caller);
      const handler = this.#handlerOf(updates);
      const answer = await handler.fetch(request, { parsedBody: message });
      if (answer.body === null || !(answer.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
        stream.end();
        return answer;
      }
      const body = answer.body;
      return stream.response(() => this.#tell(stream, body, updates, handler, requestId));
    } catch (error) {
      stream.end();
      throw error;
    }
  }

  /** Passes on what the protocol says, no faster than the client reads. */
  async #tell(
    stream: EventStream,
    body: ReadableStream<Uint8Array>,
    updates: Updates,
    handler: McpHttpHandler,
    requestId: string,
  ): Promise<void> {
    const text = new TextDecoder();
    let sending: Promise<void> | undefined;
    const pass = async () => {
      for await (const piece of body) {
        sending = stream.send(text.decode(piece, { stream: true }));
        if (sending !== undefined) await sending;
      }
    };
    const passing = pass();
    try {
      await updates.follow(() => sending);
    } catch (error) {
      if (!stream.signal.aborted && !(error instanceof OperationError)) this.#options.onBug(error, requestId);
    }
    // The body ends with a last message where the client is there to hear it.
    await handler.close();
    await passing;
  }

  #originOf({ url }: HttpCall): string {
    return this.#options.publicUrl?.href.replace(/\/$/, "") ?? url.origin;
  }
}

/** What else may be asked is said by every 405 (RFC 9110, section 15.5.6). */
function withAllow(response: Response): Response {
  if (response.status === 405) response.headers.set("allow", METHODS.join(", "));
  return response;
}
