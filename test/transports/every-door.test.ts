// Every example of every operation gives the same answer over each door that is made from the operation table, and fails in the same way.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Example, Operation } from "../../src/contract/operation.ts";
import { openGraphqlExampleDoor } from "../support/doors/graphql-example-door.ts";
import { openGrpcExampleDoor } from "../support/doors/grpc-example-door.ts";
import { openMcpExampleDoor } from "../support/doors/mcp-example-door.ts";
import { openRestExampleDoor } from "../support/doors/rest-example-door.ts";
import type { DoorAnswer, ExampleDoor } from "../support/example-door.ts";
import { EXAMPLE_TOKEN, ExampleWorld, routedExamples } from "../support/example-world.ts";
import { withoutChance } from "../support/without-chance.ts";

/** The first one is what the others are compared with. */
const DOORS: readonly ((world: ExampleWorld) => ExampleDoor | Promise<ExampleDoor>)[] = [
  openRestExampleDoor,
  openGraphqlExampleDoor,
  openGrpcExampleDoor,
  openMcpExampleDoor,
];

/** A door with a world of its own: the same examples in the same order leave the same behind in each. */
interface Place {
  readonly world: ExampleWorld;
  readonly door: ExampleDoor;
}

const places: Place[] = [];

beforeAll(async () => {
  for (const open of DOORS) {
    const world = await ExampleWorld.open("libgit2");
    places.push({ world, door: await open(world) });
  }
});
afterAll(async () => {
  for (const { world, door } of places) {
    await door.close();
    await world.close();
  }
});

type Change = (input: Record<string, unknown>) => Record<string, unknown>;
const same: Change = (input) => input;

/** What comes of an example over each door that has it, by the door's name. */
async function answers(
  operation: Operation,
  example: Example<unknown>,
  token: string | undefined,
  change: Change = same,
): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const { world, door } of places) {
    const prepared = await world.prepare(operation, example);
    if (door.offers(operation)) {
      const answer = await door.run(operation, change(prepared.input), token);
      found.set(door.name, comparable(answer, operation, await world.idsOf(), prepared.fullName));
    }
    await world.settle(prepared);
  }
  return found;
}

function comparable(answer: DoorAnswer, { route }: Operation, kept: ReadonlySet<string>, fullName: string): unknown {
  if ("output" in answer && route?.status === 204) return "done";
  return withoutChance(answer, kept, [fullName]);
}

function expectAlike(found: ReadonlyMap<string, unknown>): void {
  const [first, ...others] = [...found];
  for (const [door, answer] of others) expect([door, answer]).toEqual([door, first![1]]);
}

describe("every door", () => {
  for (const { operation, example } of routedExamples()) {
    test(`answers ${operation.name} alike: ${example.title}`, async () => {
      const found = await answers(operation, example, EXAMPLE_TOKEN);
      expect([...found.values()][0]).not.toHaveProperty("error");
      expectAlike(found);
    });
  }

  for (const { operation, example } of firstExamples()) {
    test(`answers ${operation.name} alike to callers without credentials`, async () => {
      expectAlike(await answers(operation, example, undefined));
    });

    test(`answers ${operation.name} alike to a wrong token`, async () => {
      const found = await answers(operation, example, "no-such-token");
      for (const answer of found.values()) expect(answer).toMatchObject({ error: { reason: "unauthenticated" } });
    });
  }

  for (const { operation, example } of firstExamples().filter(({ operation: { target } }) => target === "repository")) {
    test(`answers ${operation.name} alike where there is no such repository`, async () => {
      const elsewhere = { storage: "default", relativePath: "examples/nowhere.git" };
      const found = await answers(operation, example, EXAMPLE_TOKEN, (input) => ({ ...input, repository: elsewhere }));
      for (const answer of found.values()) expect(answer).toMatchObject({ error: { code: "not_found" } });
      expectAlike(found);
    });
  }
});

function firstExamples(): { operation: Operation; example: Example<unknown> }[] {
  const seen = new Set<string>();
  return routedExamples().filter(({ operation: { name } }) => !seen.has(name) && seen.add(name));
}
