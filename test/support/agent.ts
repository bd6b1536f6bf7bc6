import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

type Result = Record<string, unknown>;

/** An agent that has nothing but MCP, by the protocol's own client. */
export class Agent {
  readonly client: Client;
  /** Addresses of the resources that it was told of. */
  readonly heard: string[] = [];
  #next = Promise.withResolvers<void>();

  private constructor(client: Client) {
    this.client = client;
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
      this.heard.push(params.uri);
      this.#next.resolve();
      this.#next = Promise.withResolvers();
    });
  }

  /** Connects to a server's HTTP address. */
  static async connect(http: string, token: string, toolsets = "default"): Promise<Agent> {
    const client = new Client({ name: "agent", version: "1" }, { versionNegotiation: { mode: "auto" } });
    const headers = { authorization: `Bearer ${token}`, "holdfast-toolsets": toolsets };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${http}/mcp`), { requestInit: { headers } }));
    return new Agent(client);
  }

  /** Calls a tool that is among those it was offered. Throws what the tool says where it fails. */
  async call(name: string, args: Result): Promise<Result> {
    const { structuredContent, isError } = await this.client.callTool({ name, arguments: args });
    if (isError === true) throw new ToolError(structuredContent as Result);
    return structuredContent as Result;
  }

  /** What a tool says that fails. */
  async failure(name: string, args: Result): Promise<Result> {
    try {
      await this.call(name, args);
    } catch (error) {
      if (error instanceof ToolError) return error.said;
      throw error;
    }
    throw new Error(`${name} succeeded`);
  }

  /** Waits until it was told so often. */
  async hears(count: number): Promise<void> {
    while (this.heard.length < count) await this.#next.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

class ToolError extends Error {
  readonly said: Result;

  constructor(said: Result) {
    super(JSON.stringify(said));
    this.said = said;
  }
}
