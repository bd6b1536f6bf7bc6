import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { bytesOf, type Text } from "../../src/commands/text.ts";
import { JsonOperations } from "../../src/engine/json-operations.ts";
import { operations } from "../../src/operations/index.ts";
import { failure, OperationStory } from "../support/operation-story.ts";

let story: OperationStory;
let json: JsonOperations;

beforeAll(async () => {
  story = await OperationStory.open("libgit2");
  json = new JsonOperations(story.test.engine, operations);
  await story.commit({ "gr\xc3\xbcn": "text\n", "gr\xfcn": "\xff\n" });
});

afterAll(() => story.close());

const input = (more: object) => ({ repository: story.repository, ...more });

async function all(name: string, more: object): Promise<unknown[]> {
  return (await Array.fromAsync(json.list(name, input(more), story.test.caller))).flat();
}

describe("JsonOperations", () => {
  test("takes and gives bytes as text where they are UTF-8, else as base64", async () => {
    const [{ entries }] = (await all("listTree", { revision: "main" })) as [{ entries: { path: unknown }[] }];
    expect(entries.map(({ path }) => path)).toEqual([
      "grün",
      { base64: Buffer.from("gr\xfcn", "latin1").toString("base64") },
    ]);
    for (const [path, data] of [
      ["grün", "text\n"],
      [entries[1]!.path, { base64: "/wo=" }],
    ]) {
      const [piece] = await all("getTreeEntry", { revision: "main", path });
      expect(piece).toMatchObject({ entry: { path }, data });
    }
  });

  test("gives downloads piece by piece", async () => {
    const empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    const pieces = await all("rawDiff", { left: empty, right: "main" });
    const diff = Buffer.concat(pieces.map((piece) => bytesOf(piece as Text))).toString("latin1");
    expect(diff).toBe(`${await story.git("diff", "--full-index", empty, "main")}\n`);
  });

  test("refuses what it cannot do, and what is not there", async () => {
    const { caller } = story.test;
    expect(() => json.shapeOf("toString")).toThrow();
    await failure(json.call("noSuchThing", {}, caller), "unimplemented");
    await failure(json.call("listTree", input({ revision: "main" }), caller), "unsupported");
    await failure(json.list("commitFiles", input({}), caller).next(), "unsupported");
    await failure(json.list("listTree", input({ revision: 7 }), caller).next(), "invalid_input");
    await failure(json.call("findCommit", input({ revision: "main", more: true }), caller), "invalid_input");
    await failure(json.call("findCommit", null, caller), "invalid_input");
  });
});
