import type { Config } from "../config.ts";
import { CommandFailure } from "../commands/failure.ts";
import { ControlClient, controlSocket } from "../transports/control/client.ts";
import type { McpEndpoint } from "./mcp-bridge.ts";

/** What every message is sent with. */
export interface McpIdentity {
  /** Absent: whoever may open the control socket. */
  readonly token?: string;
  readonly toolsets?: string;
}

/** How long a server may take to start that somebody else has begun to. */
const START_MS = 10_000;
const POLL_MS = 50;

const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

/** A server somewhere, by the address of its MCP door. */
export function remoteEndpoint(url: string, identity: McpIdentity): McpEndpoint & { close(): Promise<void> } {
  return {
    post: (body, headers, signal) => fetch(url, { ...requestOf(identity, headers, signal), method: "POST", body }),
    get: (headers, signal) => fetch(url, requestOf(identity, headers, signal)),
    isServed: async () => true,
    close: async () => {},
  };
}

/** The server of a data directory, through its control socket: the one that runs, or else one in this process. */
export class LocalEndpoint implements McpEndpoint {
  readonly #config: Config;
  readonly #identity: McpIdentity;
  #own: Promise<{ stop(): Promise<void> }> | undefined;

  constructor(config: Config, identity: McpIdentity) {
    this.#config = config;
    this.#identity = identity;
  }

  /** Sees that a server answers. Rejects where none can be started. */
  async open(): Promise<void> {
    if (await this.isServed()) return;
    this.#own ??= this.#start();
    await this.#own;
  }

  isServed(): Promise<boolean> {
    return new ControlClient(this.#config.data).isServed();
  }

  post(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    return this.#send({ ...requestOf(this.#identity, headers, signal), method: "POST", body }, signal);
  }

  get(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    return this.#send(requestOf(this.#identity, headers, signal), signal);
  }

  async close(): Promise<void> {
    await (await this.#own)?.stop();
  }

  async #send(request: RequestInit, signal: AbortSignal): Promise<Response> {
    const unix = { unix: controlSocket(this.#config.data) } as RequestInit;
    const send = () => fetch("http://control/mcp", { ...request, ...unix });
    try {
      return await send();
    } catch (error) {
      // Whoever served has gone, as another `holdfast mcp` may have that started first. Nothing has been read of this message.
      if (signal.aborted || !isRefused(error)) throw error;
      await this.open();
      return await send();
    }
  }

  async #start() {
    const { serveWithoutDoors } = await import("./serve.ts");
    try {
      return await serveWithoutDoors(this.#config);
    } catch (error) {
      this.#own = undefined;
      if (!isTaken(error)) throw error;
      // Somebody else was faster: agents are often started together. It serves in a moment.
      await this.#untilServed(error);
      return { stop: async () => {} };
    }
  }

  async #untilServed(reason: unknown): Promise<void> {
    const client = new ControlClient(this.#config.data);
    const endsAtMs = performance.now() + START_MS;
    while (!(await client.isServed())) {
      if (performance.now() > endsAtMs) throw reason;
      await Bun.sleep(POLL_MS);
    }
  }
}

/** Another process has the data directory. */
const isTaken = (error: unknown): boolean => error instanceof Error && error.name === "DataDirectoryError";

/** Nobody listens: the socket is not there, or was left behind. */
const isRefused = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  ["FailedToOpenSocket", "ConnectionRefused", "ENOENT", "ECONNREFUSED"].includes(String(error.code));

function requestOf(
  { token, toolsets }: McpIdentity,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): RequestInit {
  return {
    signal,
    headers: {
      ...HEADERS,
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(toolsets !== undefined && { "holdfast-toolsets": toolsets }),
    },
    // Tools may take as long as they take.
    timeout: false,
  } as RequestInit;
}

/** The address of a server's MCP door, as it was given. Throws a CommandFailure for what is no address. */
export function mcpAddress(given: string): string {
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CommandFailure(`${given} is no address such as https://git.example.org`);
  if (url.pathname === "/") url.pathname = "/mcp";
  return url.href;
}
