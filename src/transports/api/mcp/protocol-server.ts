import { ProtocolError, ProtocolErrorCode, Server, type ServerContext } from "@modelcontextprotocol/server";
import type { Caller, Principal } from "../../../contract/principal.ts";
import type { Engine } from "../../../engine/engine.ts";
import { runTool } from "./run-tool.ts";
import type { ToolCatalogue } from "./tool-catalogue.ts";

/** What every request is served with. */
export interface McpServices {
  readonly engine: Engine;
  readonly catalogue: ToolCatalogue;
  readonly version: string;
  /** How long a result may be, bytes of JSON. */
  readonly resultBytesMax: number;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** What is known of one request besides its message. */
export interface McpCall {
  readonly principal: Principal;
  readonly requestId: string;
  readonly peer: string;
  readonly toolsets: ReadonlySet<string>;
}

const IDEMPOTENCY_KEY = "holdfast/idempotency_key";

/** The protocol's server for one request; nothing is kept between requests. */
export function protocolServer(call: McpCall, services: McpServices): Server {
  const { catalogue, version } = services;
  const server = new Server(
    { name: "holdfast", title: "Holdfast", version },
    { capabilities: { tools: {} }, instructions: "" },
  );
  server.setRequestHandler("tools/list", async () => ({
    tools: [...(await catalogue.list(call.principal, call.toolsets))] as never,
  }));
  server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    const tool = catalogue.find(params.name);
    if (tool === undefined) {
      const near = catalogue.nearest(params.name);
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown tool: ${params.name.slice(0, 100)}; did you mean ${near}?`,
      );
    }
    return await runTool(tool, params.arguments ?? {}, { ...services, caller: callerOf(call, ctx) });
  });
  return server;
}

function callerOf({ principal, requestId, peer }: McpCall, { mcpReq }: ServerContext): Caller {
  const key = mcpReq._meta?.[IDEMPOTENCY_KEY];
  return {
    principal,
    door: "mcp",
    requestId,
    peer,
    signal: mcpReq.signal,
    ...(typeof key === "string" && { idempotencyKey: key }),
  };
}
