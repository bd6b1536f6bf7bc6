import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Caller, Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { asOperationError } from "../../http/error-response.ts";
import { AgentReads } from "./agent-reads.ts";
import type { ClientSession } from "./client-sessions.ts";
import { complete } from "./completion.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { progressOf } from "./progress.ts";
import { getPrompt, listPrompts } from "./prompts.ts";
import { listResources, listTemplates, readResource } from "./resources.ts";
import { resourceAddress } from "./resource-uri.ts";
import { protocolError } from "./rpc-error.ts";
import { runTool, type ToolRun } from "./run-tool.ts";
import type { Tool } from "./tool.ts";
import type { ToolCatalogue } from "./tool-catalogue.ts";
import { errorResult } from "./tool-result.ts";

/** What every request is served with. */
export interface McpServices {
  readonly engine: Engine;
  readonly catalogue: ToolCatalogue;
  readonly version: string;
  /** How long a result may be, bytes of JSON. */
  readonly resultBytesMax: number;
  readonly nowMs: () => number;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** What is known of one request besides its message. */
export interface McpCall {
  readonly principal: Principal;
  readonly requestId: string;
  readonly peer: string;
  readonly toolsets: ReadonlySet<string>;
  /** Of a client of 2025 that names one. */
  readonly session?: ClientSession;
}

/** Entries of `_meta`: a write with a key happens once, and its answer says when it is an earlier one. */
export const IDEMPOTENCY_KEY = "holdfast/idempotency_key";
export const IDEMPOTENT_REPLAYED = "holdfast/idempotent_replayed";

const NAME_SHOWN_MAX = 100;

/** Who we are, as clients are told. */
export const serverInfo = ({ version }: McpServices) => ({ name: "holdfast", title: "Holdfast", version });

/** The protocol's server for one request; nothing is kept between requests. */
export function protocolServer(call: McpCall, services: McpServices, era: "legacy" | "modern"): Server {
  const server = new Server(serverInfo(services), {
    capabilities: {
      tools: {},
      resources: { subscribe: true },
      prompts: {},
      completions: {},
    },
    instructions: INSTRUCTIONS,
  });
  serveTools(server, call, services);
  serveReads(server, call, services);
  if (era === "legacy") serveSubscriptions(server, call, services);
  return server;
}

function serveTools(server: Server, call: McpCall, services: McpServices): void {
  const { catalogue } = services;
  server.setRequestHandler("tools/list", async () => ({
    tools: [...(await catalogue.list(call.principal, call.toolsets))] as never,
  }));
  server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    const tool = catalogue.find(params.name);
    if (tool === undefined) throw unknownTool(params.name, catalogue);
    const progress = progressOf(tool.name, ctx, services.nowMs);
    try {
      const { id, signal, _meta: meta = {} } = ctx.mcpReq;
      return await callTool(
        tool,
        { id, args: params.arguments ?? {}, meta },
        signal,
        call,
        services,
        progress?.onItems,
      );
    } finally {
      progress?.stop();
    }
  });
}

/** A call of a tool, as it was asked for. */
export interface ToolCall {
  readonly id: string | number;
  readonly args: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** Runs a tool for a call: until the signal fires, or its client takes it back. */
export async function callTool(
  tool: Tool,
  { id, args, meta }: ToolCall,
  signal: AbortSignal,
  call: McpCall,
  services: McpServices,
  onItems?: ToolRun["onItems"],
): Promise<CallToolResult> {
  const key = meta[IDEMPOTENCY_KEY];
  // Whoever gives a key counts on it: without one the write would happen at each repetition.
  if (key !== undefined && typeof key !== "string")
    return errorResult(
      new OperationError("malformed_request", { part: IDEMPOTENCY_KEY, problem: "is no text" }),
      tool.derived.operation,
      call.requestId,
    );
  let isReplayed = false;
  const going = call.session?.begin(id);
  const caller: Caller = {
    ...callerOf(call, going === undefined ? signal : AbortSignal.any([signal, going.signal])),
    ...(key !== undefined && { idempotencyKey: key, onReplayed: () => (isReplayed = true) }),
  };
  try {
    const result = await runTool(tool, args, { ...services, caller, ...(onItems && { onItems }) });
    return isReplayed ? { ...result, _meta: { [IDEMPOTENT_REPLAYED]: true } } : result;
  } finally {
    going?.end();
  }
}

type Reading = <T>(ctx: ServerContext, read: (reads: AgentReads) => Promise<T>) => Promise<T>;

/** Reads for a caller, where what goes wrong is an error of the protocol. */
const readingFor =
  (call: McpCall, { engine, catalogue, onBug }: McpServices): Reading =>
  (ctx, read) =>
    read(new AgentReads(engine, catalogue, callerOf(call, ctx.mcpReq.signal))).catch((error: unknown) => {
      if (!(error instanceof OperationError)) onBug(error, call.requestId);
      throw protocolError(asOperationError(error), call.requestId);
    });

/** What clients of 2025 follow; later ones say it when they listen. */
function serveSubscriptions(server: Server, call: McpCall, services: McpServices): void {
  const reading = readingFor(call, services);
  server.setRequestHandler("resources/subscribe", ({ params }, ctx) =>
    reading(ctx, async (reads) => {
      if (call.session === undefined)
        throw new OperationError("malformed_request", { part: "mcp-session-id", problem: "is missing" });
      const { repo } = resourceAddress(params.uri);
      await reads.run("showRepository", { repo });
      call.session.follow(params.uri);
      return {};
    }),
  );
  server.setRequestHandler("resources/unsubscribe", ({ params }) => {
    call.session?.unfollow(params.uri);
    return {};
  });
}

function serveReads(server: Server, call: McpCall, services: McpServices): void {
  const reading = readingFor(call, services);
  server.setRequestHandler("resources/list", ({ params }, ctx) =>
    reading(ctx, (reads) => listResources(reads, params?.cursor)),
  );
  server.setRequestHandler("resources/templates/list", () => listTemplates());
  server.setRequestHandler("resources/read", ({ params }, ctx) =>
    reading(ctx, (reads) => readResource(reads, params.uri)),
  );
  server.setRequestHandler("prompts/list", () => listPrompts());
  server.setRequestHandler("prompts/get", ({ params }, ctx) =>
    reading(ctx, (reads) => getPrompt(reads, params.name, params.arguments ?? {}, services.resultBytesMax)),
  );
  server.setRequestHandler("completion/complete", ({ params }, ctx) =>
    reading(ctx, async (reads) => {
      const known = params.context?.arguments ?? {};
      const { name, value } = params.argument;
      try {
        return await complete(reads, { argument: name, value, known });
      } catch (error) {
        // What is not there, or may not be read, has no values to offer.
        if (error instanceof OperationError && error.code === "not_found") return { completion: { values: [] } };
        throw error;
      }
    }),
  );
}

function unknownTool(name: string, catalogue: ToolCatalogue): ProtocolError {
  const near = catalogue.nearest(name);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Unknown tool: ${JSON.stringify(name.slice(0, NAME_SHOWN_MAX))}${hint}`,
  );
}

const callerOf = ({ principal, requestId, peer }: McpCall, signal: AbortSignal): Caller => ({
  principal,
  door: "mcp",
  requestId,
  peer,
  signal,
});
