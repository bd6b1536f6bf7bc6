// What takes long: progress, cancellation, and the same write again.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Type } from "../../../src/contract/fields.ts";
import { defineOperation } from "../../../src/contract/operation.ts";
import { EXAMPLE_TOKEN, ExampleWorld } from "../../support/example-world.ts";
import { type Era, listenMcp, type McpListener } from "./mcp-listener.ts";

/** What a call of the operation below waits for, and what it has seen. */
class Work {
  readonly begun = Promise.withResolvers<void>();
  readonly cancelled = Promise.withResolvers<void>();
}

let work = new Work();

const waitForEver = defineOperation({
  name: "waitForEver",
  summary: "Wait",
  kind: "maintenance",
  shape: "list",
  access: "server-read",
  target: "none",
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ line: Type.String() }),
  errors: [],
  examples: [{ title: "Wait", input: {} }],
  route: { method: "POST", path: "/wait" },
  async *run(_input, { signal }) {
    yield [{ line: "half done" }];
    work.begun.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    work.cancelled.resolve();
    signal.throwIfAborted();
  },
});

let world: ExampleWorld;
let listener: McpListener;

beforeAll(async () => {
  world = await ExampleWorld.open("libgit2");
  listener = listenMcp(world.test.engine, world.test.authenticator, { toolsets: "all", more: [waitForEver] });
});
afterAll(async () => {
  expect(listener.bugs).toEqual([]);
  await listener.close();
  await world.close();
});

for (const era of ["2025", "2026"] as const satisfies readonly Era[]) {
  describe(`a call that takes long, protocol of ${era}`, () => {
    test("tells of what comes, and ends with its client's patience", async () => {
      work = new Work();
      const client = await listener.connect({ token: EXAMPLE_TOKEN, era });
      const heard: (string | undefined)[] = [];
      const patience = new AbortController();
      const call = client.callTool(
        { name: "wait_for_ever", arguments: {} },
        { signal: patience.signal, onprogress: ({ message }) => heard.push(message) },
      );
      await work.begun.promise;
      while (heard.length < 2) await Bun.sleep(5);
      patience.abort();
      await expect(call).rejects.toThrow();
      await work.cancelled.promise;
      expect(heard[0]).toBe("half done");
      expect(heard[1]).toMatch(/^wait_for_ever runs for \d+ s$/);
    });
  });
}
