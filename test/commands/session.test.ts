import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import { writeSessionFile } from "../../src/operations/index.ts";
import { CommandStory } from "../support/command-story.ts";

let story: CommandStory;
let alice: Principal;

beforeAll(async () => {
  story = await CommandStory.open();
  alice = await story.user("alice");
});

afterAll(() => story.close());

describe("session", () => {
  test("open, list, show, status, commit, push, close", async () => {
    const git = await story.repository("alice/work", { owner: alice });
    const base = await git.commit({ files: { a: "1\n" } });
    const id = await story.ask("session open alice/work --branch main", alice);
    expect(id).toMatch(/^[0-9a-f]{24}$/);
    const repository = { storage: "default", relativePath: "alice/work.git" };
    const input = { repository, session: id, path: "a", content: Buffer.from("2\n") };
    await story.engine.engine.run(writeSessionFile, input, story.engine.as(alice));
    expect(await story.ask("session list alice/work", alice)).toBe(`${id}\tmain\tchanged`);
    expect(await story.json(`session show alice/work ${id}`, alice)).toMatchObject({
      id,
      branch: "main",
      base,
      head: base,
      state: "open",
      default: false,
      checkout: "lazy",
      push: true,
    });
    expect(await story.ask(`session status alice/work ${id}`, alice)).toBe("unmodified\tmodified\ta");
    const commit = await story.ask(`session commit alice/work ${id} -m second thoughts`, alice);
    expect(await git.text(["log", "-1", "--format=%an %s", commit])).toBe("alice second thoughts");
    expect(await story.ask(`session push alice/work ${id}`, alice)).toBe(`main is ${commit}`);
    expect(await git.text(["rev-parse", "main"])).toBe(commit);
    expect(await story.ask(`session close alice/work ${id}`, alice)).toBe(`closed ${id}`);
    expect(await story.refusal(`session show alice/work ${id}`, alice)).toContain("not found");
    expect(await story.refusal("session open alice/none", alice)).toContain("not found");
  });
});
