import { createMcpHandler } from "@modelcontextprotocol/server";
import type { Operation } from "../../../contract/operation.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import { type McpCall, type McpServices, protocolServer } from "./protocol-server.ts";
import { ToolCatalogue } from "./tool-catalogue.ts";
import { parseToolsets } from "./toolsets.ts";

export const MCP_PATH = "/mcp";
const TOOLSETS_HEADER = "holdfast-toolsets";

export interface McpOptions {
  readonly engine: Engine;
  readonly operations: readonly Operation[];
  readonly version: string;
  /** Toolsets of clients that ask for none: `default,history`. */
  readonly toolsets: string;
  /** How long a result may be, bytes of JSON. */
  readonly resultBytesMax: number;
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** `/mcp`: the Model Context Protocol over streamable HTTP. */
export interface McpDoor {
  readonly answer: HttpDoor;
  close(): Promise<void>;
}

export function mcpDoor(options: McpOptions): McpDoor {
  const { engine, operations, version, resultBytesMax, onBug } = options;
  const catalogue = new ToolCatalogue(operations, engine);
  const services: McpServices = { engine, catalogue, version, resultBytesMax, onBug };
  const calls = new WeakMap<Request, McpCall>();
  const handler = createMcpHandler(({ requestInfo }) => protocolServer(calls.get(requestInfo!)!, services));
  async function answer(request: Request, call: HttpCall): Promise<Response> {
    const chosen = request.headers.get(TOOLSETS_HEADER) ?? call.url.searchParams.get("toolsets") ?? options.toolsets;
    calls.set(request, {
      principal: await call.principal(),
      requestId: call.requestId,
      peer: call.peer,
      toolsets: parseToolsets(chosen, catalogue.toolsets),
    });
    const parsedBody: unknown = request.method === "POST" ? await request.json() : undefined;
    call.watchTime();
    return await handler.fetch(request, { ...(parsedBody !== undefined && { parsedBody }) });
  }
  return {
    answer: (request, call) => (call.url.pathname === MCP_PATH ? answer(request, call) : undefined),
    close: () => handler.close(),
  };
}
