import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import { CommandStory } from "../support/command-story.ts";

let story: CommandStory;
let alice: Principal;
let bob: Principal;

beforeAll(async () => {
  story = await CommandStory.open();
  [alice, bob] = [await story.user("alice"), await story.user("bob")];
  await story.ask("repo create alice/one", alice);
});

afterAll(() => story.close());

const URL_GIVEN = "https://ci.example.com/hook";

describe("repo webhook", () => {
  test("create, list, info, update, delete", async () => {
    const create = `repo webhook create alice/one ${URL_GIVEN} -e push -e tag_created --secret s3cret --active false`;
    const { created_at, ...made } = (await story.json(create, alice)) as { id: number; created_at: string };
    expect(made).toEqual({ id: made.id, url: URL_GIVEN, events: ["push", "tag_created"], active: false } as never);
    expect(created_at).toEndWith("Z");
    expect(await story.ask("repo webhook list alice/one", alice)).toBe(
      `${made.id}\t${URL_GIVEN}\tpush,tag_created\tinactive`,
    );
    expect(await story.ask(`repo webhook info alice/one ${made.id}`, alice)).not.toContain("s3cret");
    const update = `repo webhook update alice/one ${made.id} --active true --url ${URL_GIVEN}/2 -e branch_created`;
    expect(await story.json(update, alice)).toMatchObject({
      url: `${URL_GIVEN}/2`,
      active: true,
      events: ["branch_created"],
    });
    expect(await story.refusal("repo webhook list alice/one", bob)).toStartWith("1 permission denied");
    expect(await story.refusal("repo webhook create alice/one ftp://x", alice)).toStartWith("1 ");
    expect(await story.refusal("repo webhook info alice/one 0", alice)).toStartWith("2 ");
    expect(await story.refusal("repo webhook info alice/one x", alice)).toStartWith("2 ");
    expect(await story.ask(`repo webhook delete alice/one ${made.id}`, alice)).toBe(`deleted webhook ${made.id}`);
    expect(await story.refusal(`repo webhook info alice/one ${made.id}`, alice)).toContain("not found");
    expect(await story.json("repo webhook list alice/one", alice)).toEqual([]);
  });
});

describe("webhook", () => {
  test("is about the server, and for administrators", async () => {
    const { id } = (await story.json(`webhook create ${URL_GIVEN} --active false`)) as { id: number };
    expect(await story.ask("webhook list")).toBe(`${id}\t${URL_GIVEN}\tall\tinactive`);
    expect(await story.refusal("webhook list", alice)).toStartWith("1 permission denied");
    expect(await story.json(`webhook deliveries list ${id}`)).toEqual([]);
    expect(await story.refusal(`webhook deliveries show ${id} 7`)).toBe(`1 webhook ${id} has no delivery 7`);
    expect(await story.refusal(`webhook deliveries redeliver ${id} 7`)).toContain("not found");
    await story.ask(`webhook delete ${id}`);
  });
});
