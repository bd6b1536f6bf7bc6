// Messages drawn at random: examples with other values in their fields, and with other bytes anywhere. Whatever they are, they are answered
// or refused, and never a bug.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as grpc from "@grpc/grpc-js";
import type { Example, Operation } from "../../../src/contract/operation.ts";
import { Dice } from "../../support/dice.ts";
import { EXAMPLE_TOKEN, ExampleWorld, routedExamples } from "../../support/example-world.ts";
import { failureOfCall, HoldfastClient } from "../../support/holdfast-client.ts";
import { toMessage } from "../../support/protobuf-values.ts";
import { type HoldfastListener, listenHoldfast } from "./holdfast-listener.ts";

// The same messages each time, so that a failure can be had again; others with FUZZ_SEED.
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_262);
const REQUESTS = Number(process.env["FUZZ_REQUESTS"] ?? 1000);
/** These end what the others work on. */
const LEFT_OUT = new Set(["removeRepository", "deleteUser", "renameUser", "switchBackend", "changeSetting"]);
const TEXTS = [
  "",
  "main",
  "refs/heads/x",
  "HEAD~1",
  "README.md",
  "../x",
  ".git/config",
  "\0",
  "--help",
  "ü",
  "a".repeat(5000),
];
const NUMBERS = [0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1];
/** What is not done here, and what another server refuses, are no bugs of ours. */
const REFUSALS_OF_SERVERS = new Set(["unsupported", "unimplemented", "remote_unreachable", "remote_refused"]);

const EXAMPLES = routedExamples().filter(({ operation }) => !LEFT_OUT.has(operation.name));

let world: ExampleWorld;
let door: HoldfastListener;
let client: HoldfastClient;
let fullName: string;

beforeAll(async () => {
  world = await ExampleWorld.open("libgit2");
  door = await listenHoldfast(world.test.engine, world.test.authenticator);
  client = new HoldfastClient(door.port);
  const { operation, example } = routedExamples().find((each) => each.operation.name === "showRepository")!;
  ({ fullName } = await world.prepare(operation, example));
});
afterAll(async () => {
  client.close();
  await door.close();
  await world.close();
});

describe("messages at random", () => {
  test(`are answered or refused (FUZZ_SEED=${SEED})`, async () => {
    const dice = new Dice(SEED);
    for (let at = 0; at < REQUESTS; at++) {
      const { name, path, bytes } = messageFor(dice.pick(EXAMPLES), dice);
      const asked = `${name} ${bytes.toString("base64").slice(0, 2000)}`;
      const outcome = await outcomeOf(client.raw(path, bytes, { authorization: `Bearer ${EXAMPLE_TOKEN}` }));
      expect([asked, door.bugs]).toEqual([asked, []]);
      expect([asked, outcome]).toEqual([asked, expect.not.stringMatching(/^(UNKNOWN|INTERNAL|UNAVAILABLE)/)]);
    }
  });
});

function messageFor({ operation, example }: { operation: Operation; example: Example<unknown> }, dice: Dice) {
  const name = operation.name[0]!.toUpperCase() + operation.name.slice(1);
  const { path, requestSerialize } = client.method(name)!;
  const message = toMessage(operation.input, example.input) as Record<string, unknown>;
  const repository = "repository" in (operation.input["properties"] as object) ? { repo: fullName } : {};
  const changed = Object.fromEntries(
    Object.entries({ ...repository, ...message }).map(([field, value]) => [
      field,
      dice.chance(0.2) ? other(value, dice) : value,
    ]),
  );
  const bytes = requestSerialize(changed);
  // Half of them stay messages.
  if (dice.chance(0.5))
    for (let times = dice.below(4); times > 0; times--) bytes[dice.below(bytes.length)] = dice.below(256);
  return { name, path, bytes: dice.chance(0.1) ? bytes.subarray(0, dice.below(bytes.length + 1)) : bytes };
}

function other(value: unknown, dice: Dice): unknown {
  if (typeof value === "string") return dice.pick(TEXTS);
  if (value instanceof Uint8Array) return Buffer.from(dice.pick(TEXTS));
  return typeof value === "number" ? dice.pick(NUMBERS) : value;
}

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (failure) {
    const { code, error } = failureOfCall(failure as grpc.ServiceError);
    return REFUSALS_OF_SERVERS.has(error?.reason ?? "") ? "refused" : `${grpc.status[code]} ${error?.reason ?? ""}`;
  }
}
