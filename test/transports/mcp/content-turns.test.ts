// Content that a tool reads whole takes turns: however many ask at once, a few are in memory.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ContentField, Type } from "../../../src/contract/fields.ts";
import { defineOperation } from "../../../src/contract/operation.ts";
import { EXAMPLE_TOKEN, ExampleWorld } from "../../support/example-world.ts";
import { listenMcp, type McpListener } from "./mcp-listener.ts";

const AT_ONCE = 4;
const CALLS = 12;

let running = 0;
let most = 0;
let begun = 0;

const readSlowly = defineOperation({
  name: "readSlowly",
  summary: "Read slowly",
  kind: "read",
  shape: "call",
  access: "server-read",
  target: "none",
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ content: ContentField("Bytes") }),
  errors: [],
  examples: [{ title: "Read", input: {} }],
  route: { method: "GET", path: "/slowly" },
  async run() {
    most = Math.max(most, ++running);
    begun++;
    // Whoever may come meanwhile has come.
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    running--;
    return { content: Buffer.from("bytes") };
  },
});

let world: ExampleWorld;
let listener: McpListener;

beforeAll(async () => {
  world = await ExampleWorld.open("libgit2");
  listener = listenMcp(world.test.engine, world.test.authenticator, { toolsets: "all", more: [readSlowly] });
});
afterAll(async () => {
  expect(listener.bugs).toEqual([]);
  await listener.close();
  await world.close();
});

test("calls of a tool with content run a few at once, and all of them are answered", async () => {
  const client = await listener.connect({ token: EXAMPLE_TOKEN });
  const calls = Array.from({ length: CALLS }, () => client.callTool({ name: "read_slowly", arguments: {} }));
  for (const { structuredContent } of await Promise.all(calls))
    expect(structuredContent).toMatchObject({ content: "bytes", encoding: "utf-8" });
  expect([begun, most]).toEqual([CALLS, AT_ONCE]);
});
