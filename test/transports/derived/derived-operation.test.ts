// What GraphQL, MCP and gRPC share: operations by the names of callers, and their answers.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { operations } from "../../../src/operations/index.ts";
import { OperationError } from "../../../src/domain/errors.ts";
import { derivedOperations } from "../../../src/transports/api/derived/derived-operation.ts";
import { runDerived } from "../../../src/transports/api/derived/run-derived.ts";
import { derivedInput } from "../../support/derived-input.ts";
import { ExampleWorld, routedExamples } from "../../support/example-world.ts";

for (const naming of ["camel", "snake"] as const) {
  describe(`derived operations in ${naming} case`, () => {
    const derived = new Map(derivedOperations(operations, naming).map((each) => [each.operation.name, each]));
    let world: ExampleWorld;

    beforeAll(async () => void (world = await ExampleWorld.open("libgit2")));
    afterAll(() => world.close());

    for (const { operation, example } of routedExamples().filter(({ operation: { shape } }) => shape !== "download")) {
      test(`${operation.name}: ${example.title}`, async () => {
        const prepared = await world.prepare(operation, example);
        const door = derived.get(operation.name)!;
        const json = derivedInput(operation, prepared.input, naming);
        const call = { engine: world.test.engine, caller: world.caller };
        const output = await runDerived(door, door.decode(JSON.parse(JSON.stringify(json))), call);
        expect([...Value.Errors(door.output!, output)]).toEqual([]);
        await world.settle(prepared);
      });
    }
  });
}

describe("derived operations", () => {
  const door = derivedOperations(operations, "camel").find(({ operation }) => operation.name === "listFiles")!;

  test("have repositories by name, and are grouped by their noun", () => {
    expect([...door.fields.keys()].slice(0, 2)).toEqual(["repo", "rev"]);
    expect(door.noun).toBe("files");
  });

  test("refuse a field that is not known with the nearest one", () => {
    expect(() => door.decode({ repo: "a/b", recursiv: true })).toThrow(OperationError);
    expect(() => door.decode({ repo: { storage: "default" } })).toThrow(OperationError);
  });
});
