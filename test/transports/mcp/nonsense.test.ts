// Nonsense given to every tool, drawn at random (FUZZ_SEED): an error that says what is wrong, never a bug.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Client } from "@modelcontextprotocol/client";
import fc from "fast-check";
import { operations } from "../../../src/operations/index.ts";
import { type Tool, toolsOf } from "../../../src/transports/api/mcp/tool.ts";
import { EXAMPLE_TOKEN, ExampleWorld } from "../../support/example-world.ts";
import { listenMcp, type McpListener } from "./mcp-listener.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_123);
const RUNS = 12;

/** Values that a field may be given; some of them may even be right. */
const VALUE = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    "",
    "main",
    "HEAD",
    "../..",
    "/",
    ".git",
    "\u0000",
    "a".repeat(5000),
    "%2e%2e",
    "refs/heads/main",
  ),
  fc.constantFrom<unknown>(0, -1, 1e308, 2 ** 53, [], {}, null, true, { base64: "!!" }, { base64: "/w==" }),
);

let world: ExampleWorld;
let listener: McpListener;
let client: Client;

beforeAll(async () => {
  world = await ExampleWorld.open("libgit2");
  listener = listenMcp(world.test.engine, world.test.authenticator, { toolsets: "all" });
  client = await listener.connect({ token: EXAMPLE_TOKEN });
  await client.callTool({ name: "create_repository", arguments: { repo: "alice/demo" } });
});
afterAll(async () => {
  await listener.close();
  await world.close();
});

/** Arguments with fields of the tool's own, and others; its repository is mostly one that is there. */
const argumentsOf = ({ definition }: Tool) => {
  const names = Object.keys(definition.inputSchema.properties).filter((name) => name !== "repo");
  const fields = fc.dictionary(fc.constantFrom(...names, "nonsense"), VALUE, { maxKeys: 4 });
  const repo = fc.oneof({ weight: 4, arbitrary: fc.constant<unknown>("alice/demo") }, { weight: 1, arbitrary: VALUE });
  return fc.tuple(fields, repo).map(([given, named]) => ({
    ...given,
    ...("repo" in definition.inputSchema.properties && { repo: named }),
  }));
};

describe("nonsense given to", () => {
  // What it would do is not nonsense: it would change the server that the others are tried on.
  const spared = new Set(["switchBackend", "changeSetting", "removeRepository", "renameRepository", "setUserAdmin"]);
  for (const tool of toolsOf(operations).filter(({ derived }) => !spared.has(derived.operation.name)))
    test(`${tool.name} is an error with a reason, or makes sense after all`, async () => {
      await fc.assert(
        fc.asyncProperty(argumentsOf(tool), async (args) => {
          const { isError, structuredContent } = await client.callTool({ name: tool.name, arguments: args });
          expect(listener.bugs.splice(0)).toEqual([]);
          if (isError !== true) return;
          expect(structuredContent).toMatchObject({
            error: expect.any(String) as string,
            reason: expect.any(String) as string,
            next_step: expect.any(String) as string,
          });
          expect((structuredContent as { reason: string }).reason).not.toBe("internal");
        }),
        { seed: SEED, numRuns: RUNS, endOnFailure: true },
      );
    }, 30_000);
});
