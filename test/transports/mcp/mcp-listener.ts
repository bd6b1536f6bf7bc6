import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { Authenticator } from "../../../src/contract/authenticator.ts";
import type { Operation } from "../../../src/contract/operation.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { operations } from "../../../src/operations/index.ts";
import { systemClock } from "../../../src/telemetry/clock.ts";
import { BodyBudget } from "../../../src/transports/api/derived/body-budget.ts";
import { JsonBodies } from "../../../src/transports/api/derived/json-bodies.ts";
import { McpDoor } from "../../../src/transports/api/mcp/mcp-door.ts";
import { MESSAGE_BYTES_MAX } from "../../../src/transports/api/mcp/read-message.ts";
import { EventStreams } from "../../../src/transports/http/event-streams.ts";
import { startHttpServer } from "../../../src/transports/http/http-server.ts";
import { LivePlaces } from "../../../src/transports/http/live-places.ts";

/** How long a result may be where a test asks for nothing else. */
const RESULT_BYTES_MAX = 100 * 1024;

/** Which protocol a client speaks: that of 2025, or the newest that the server has. */
export type Era = "2025" | "2026";

export interface McpClientOptions {
  readonly token?: string | undefined;
  readonly era?: Era;
  readonly toolsets?: string;
}

/** The MCP door on a port of its own. */
export interface McpListener {
  readonly address: string;
  /** What was thrown that is no OperationError; a test expects none. */
  readonly bugs: unknown[];
  readonly streams: EventStreams;
  /** A client of the protocol's own making, connected. */
  connect(options?: McpClientOptions): Promise<Client>;
  close(): Promise<void>;
}

export interface McpListenerOptions {
  readonly resultBytesMax?: number;
  readonly toolsets?: string;
  readonly places?: LivePlaces;
  /** Operations of a test's own. */
  readonly more?: readonly Operation[];
}

export function listenMcp(
  engine: Engine,
  authenticator: Authenticator,
  {
    resultBytesMax = RESULT_BYTES_MAX,
    toolsets = "default",
    places = new LivePlaces(),
    more = [],
  }: McpListenerOptions = {},
): McpListener {
  const bugs: unknown[] = [];
  const onBug = (error: unknown) => void bugs.push(error);
  const streams = new EventStreams({ places, authenticator });
  const budget = new BodyBudget({ bytesMax: 8 * MESSAGE_BYTES_MAX, waitMaxMs: 1000 });
  const mcp = new McpDoor({
    engine,
    operations: [...operations, ...more],
    bodies: new JsonBodies(MESSAGE_BYTES_MAX, budget),
    streams,
    version: "0",
    publicUrl: undefined,
    toolsets,
    resultBytesMax,
    nowMs: () => systemClock.nowMs(),
    onBug,
  });
  let requests = 0;
  const server = startHttpServer({
    host: "127.0.0.1",
    port: 0,
    doors: [mcp.answer],
    authenticator,
    newRequestId: () => `test-${++requests}`,
    onRefused: () => {},
    onBug,
  });
  const address = `http://127.0.0.1:${server.port}/mcp`;
  const clients: Client[] = [];
  return {
    address,
    bugs,
    streams,
    async connect({ token, era = "2026", toolsets: asked } = {}) {
      const options: ClientOptions = era === "2026" ? { versionNegotiation: { mode: "auto" } } : {};
      const client = new Client({ name: "test", version: "0" }, options);
      const headers = {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(asked !== undefined && { "holdfast-toolsets": asked }),
      };
      await client.connect(new StreamableHTTPClientTransport(new URL(address), { requestInit: { headers } }));
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      streams.close();
      await mcp.close();
      await server.close(1000);
    },
  };
}
