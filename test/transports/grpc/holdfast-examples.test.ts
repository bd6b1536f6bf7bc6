// Every example of every operation that has a route is asked for over gRPC, by a client that knows only the committed .proto files.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { PageOf } from "../../../src/contract/page.ts";
import { openGrpcExampleDoor } from "../../support/doors/grpc-example-door.ts";
import type { ExampleDoor } from "../../support/example-door.ts";
import { EXAMPLE_TOKEN, ExampleWorld, routedExamples } from "../../support/example-world.ts";

describe("examples over gRPC", () => {
  let world: ExampleWorld;
  let door: ExampleDoor;

  beforeAll(async () => {
    world = await ExampleWorld.open("libgit2");
    door = await openGrpcExampleDoor(world);
  });
  afterAll(async () => {
    await door.close();
    await world.close();
  });

  for (const { operation, example } of routedExamples()) {
    test(`${operation.name}: ${example.title}`, async () => {
      const prepared = await world.prepare(operation, example);
      const answer = await door.run(operation, prepared.input, EXAMPLE_TOKEN);
      expect(answer).not.toHaveProperty("error");
      const { output } = answer as { readonly output: unknown };
      if (operation.shape === "download") expect((output as Buffer).length).toBeGreaterThan(0);
      else {
        const schema = operation.shape === "list" ? PageOf(operation.output, "") : operation.output;
        expect([...Value.Errors(schema, output)]).toEqual([]);
      }
      await world.settle(prepared);
    });
  }
});
