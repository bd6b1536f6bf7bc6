import { type Client, SdkHttpError } from "@modelcontextprotocol/client";
import { jsonCodec } from "../../../src/contract/json-codec.ts";
import { operations } from "../../../src/operations/index.ts";
import { type Tool, toolsOf } from "../../../src/transports/api/mcp/tool.ts";
import { listenMcp } from "../../transports/mcp/mcp-listener.ts";
import { derivedInput } from "../derived-input.ts";
import type { DoorAnswer, ExampleDoor } from "../example-door.ts";
import type { ExampleWorld } from "../example-world.ts";

/** The MCP door of a world, with all toolsets, used by the protocol's own client: it checks results against their schemas. */
export function openMcpExampleDoor(world: ExampleWorld): ExampleDoor {
  const listener = listenMcp(world.test.engine, world.test.authenticator);
  const tools = new Map(toolsOf(operations).map((tool) => [tool.derived.operation.name, tool]));
  const clients = new Map<string | undefined, Promise<Client>>();
  const clientOf = (token: string | undefined): Promise<Client> => {
    let client = clients.get(token);
    if (client === undefined) {
      client = listener.connect({ token, toolsets: "all" }).then(async (connected) => {
        await connected.listTools();
        return connected;
      });
      clients.set(token, client);
    }
    return client;
  };
  return {
    name: "MCP",
    offers: ({ name }) => tools.has(name),
    async run(operation, input, token) {
      const tool = tools.get(operation.name)!;
      try {
        return await answerOf(await clientOf(token), tool, derivedInput(operation, input, "snake"));
      } catch (error) {
        clients.delete(token);
        return { error: refusalOf(error) };
      }
    },
    close: async () => {
      const { bugs } = listener;
      await listener.close();
      if (bugs.length > 0) throw new AggregateError(bugs, "the MCP door met bugs");
    },
  };
}

type Output = Record<string, unknown>;

async function answerOf(client: Client, tool: Tool, args: Output): Promise<DoorAnswer> {
  const pieces: Buffer[] = [];
  for (let cursor: unknown; ;) {
    const asked = { name: tool.name, arguments: { ...args, ...(typeof cursor === "string" && { cursor }) } };
    const { structuredContent, isError } = await client.callTool(asked);
    const output = structuredContent as Output;
    if (isError === true) {
      const { code, reason, details } = output as { code: string; reason: string; details: unknown };
      return { error: { code, reason, details } };
    }
    const schema = tool.derived.output;
    if (schema !== undefined) return { output: jsonCodec(schema, "snake").decode(output) };
    pieces.push(Buffer.from(String(output["content"]), "base64"));
    cursor = output["next_cursor"];
    if (cursor === null) return { output: Buffer.concat(pieces) };
  }
}

/** What the door says that serves no message at all. */
function refusalOf(error: unknown): { code: string; reason: string; details: unknown } {
  if (!(error instanceof SdkHttpError)) throw error;
  const text = String(error.data.text);
  const { data } = (JSON.parse(text) as { error: { data: { code: string; reason: string; details: unknown } } }).error;
  return { code: data.code, reason: data.reason, details: data.details };
}
