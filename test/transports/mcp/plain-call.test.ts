// Calls that are answered past the protocol's library are answered as it would, and all others are left to it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { plainCall } from "../../../src/transports/api/mcp/plain-call.ts";
import { EXAMPLE_TOKEN, ExampleWorld } from "../../support/example-world.ts";
import { listenMcp, type McpListener } from "./mcp-listener.ts";

type Fields = Record<string, unknown>;

const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const ACCEPT = { accept: "application/json, text/event-stream" };
const MODERN = { ...ACCEPT, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "who_am_i" };
const OLD = { ...ACCEPT, "mcp-protocol-version": "2025-11-25" };

const callOf = (params: Fields = {}, more: Fields = {}): Fields => ({
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: { name: "who_am_i", arguments: {}, ...params },
  ...more,
});
const modernCall = (envelope: Fields = {}, params: Fields = {}) =>
  callOf({ _meta: { ...ENVELOPE, ...envelope }, ...params });
const isPlain = (message: unknown, headers: Record<string, string>): boolean =>
  plainCall(message, new Headers(headers)) !== undefined;

describe("a plain call", () => {
  test("is one in which there is nothing to be refused", () => {
    expect(isPlain(callOf(), OLD)).toBe(true);
    expect(isPlain(callOf(), ACCEPT)).toBe(true);
    expect(isPlain(modernCall(), MODERN)).toBe(true);
  });

  const OTHERS: readonly [string, unknown, Record<string, string>][] = [
    ["a batch", [callOf()], OLD],
    ["nothing", null, OLD],
    ["another method", callOf({}, { method: "tools/list" }), OLD],
    ["another version of JSON-RPC", callOf({}, { jsonrpc: "1.0" }), OLD],
    ["a notification", { ...callOf(), id: undefined }, OLD],
    ["an id that is none", callOf({}, { id: 1.5 }), OLD],
    ["a field that is not known", callOf({}, { more: 1 }), OLD],
    ["an argument beside the arguments", callOf({ more: 1 }), OLD],
    ["arguments that are a list", callOf({ arguments: [] }), OLD],
    ["a name that is none", callOf({ name: 1 }), OLD],
    ["progress that is asked for", callOf({ _meta: { progressToken: 1 } }), OLD],
    ["a client that does not take JSON", callOf(), { accept: "text/event-stream" }],
    ["a version that is not known", callOf(), { ...ACCEPT, "mcp-protocol-version": "1999-01-01" }],
    ["an old message under a new header", callOf(), MODERN],
    ["a new message under an old header", modernCall(), OLD],
    ["a header with another name", modernCall(), { ...MODERN, "mcp-name": "get_blob" }],
    ["a header with another method", modernCall(), { ...MODERN, "mcp-method": "tools/list" }],
    ["a client without a name", modernCall({ "io.modelcontextprotocol/clientInfo": { version: "0" } }), MODERN],
    ["a client without capabilities", modernCall({ "io.modelcontextprotocol/clientCapabilities": undefined }), MODERN],
    ["a version to come", modernCall({ "io.modelcontextprotocol/protocolVersion": "2099-01-01" }), MODERN],
  ];
  for (const [what, message, headers] of OTHERS)
    test(`is not ${what}`, () => expect(isPlain(message, headers)).toBe(false));
});

describe("the answer to a plain call", () => {
  let world: ExampleWorld;
  let listener: McpListener;

  beforeAll(async () => {
    world = await ExampleWorld.open("libgit2");
    listener = listenMcp(world.test.engine, world.test.authenticator);
  });
  afterAll(async () => {
    await listener.close();
    await world.close();
  });

  async function ask(message: Fields, headers: Record<string, string>) {
    expect(isPlain(message, headers)).toBe(headers["x-plain"] === "true");
    const response = await fetch(listener.address, {
      method: "POST",
      headers: { ...headers, authorization: `Bearer ${EXAMPLE_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(message),
    });
    const text = (await response.text()).replace(/^event: message\ndata: /, "").replaceAll(/test-\d+/g, "some-request");
    return { status: response.status, message: JSON.parse(text) as unknown };
  }

  for (const args of [{}, { unknown: 1 }]) {
    const what = JSON.stringify(args);
    test(`is that of the library, with the protocol of 2025: ${what}`, async () => {
      const plain = await ask(callOf({ arguments: args }), { ...OLD, "x-plain": "true" });
      expect(plain).toEqual(await ask(callOf({ arguments: args, _meta: { progressToken: "no" } }), OLD));
    });

    test(`is that of the library, with the protocol of 2026: ${what}`, async () => {
      const plain = await ask(modernCall({}, { arguments: args }), { ...MODERN, "x-plain": "true" });
      const client = { "io.modelcontextprotocol/clientInfo": { name: "test", version: "0", title: "Test" } };
      expect(plain).toEqual(await ask(modernCall(client, { arguments: args }), MODERN));
    });
  }
});
