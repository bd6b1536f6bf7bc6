import { describe, expect } from "bun:test";
import { showLog } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("showLog", () => {
  onEveryBackend("shows what git log shows, page by page", async (story) => {
    const oids: string[] = [];
    for (let i = 0; i < 7; i++)
      oids.unshift(
        await story.git.commit({ files: { [i % 2 ? "odd" : "even"]: String(i) }, seconds: 1_700_000_000 + i }),
      );
    const first = await story.run(showLog, { limit: 3 });
    await story.git.commit({ files: { later: "x" }, seconds: 1_800_000_000 });
    const second = await story.run(showLog, { limit: 3, cursor: first.nextCursor! });
    const third = await story.run(showLog, { limit: 3, cursor: second.nextCursor! });
    expect([...first.items, ...second.items, ...third.items].map(({ oid }) => oid)).toEqual(oids);
    expect(third.nextCursor).toBeNull();
    expect(first.items[0]!.author.date).toBe("2023-11-14T22:13:26+00:00");
    const range = await story.run(showLog, { rev: `${oids[3]}..${oids[0]}`, offset: 1 });
    expect(range.items.map(({ oid }) => oid)).toEqual(oids.slice(1, 3));
  });

  onEveryBackend("fails for what is not there", async (story) => {
    await story.git.commit({ files: { a: "x" } });
    await failure(story.run(showLog, { rev: "none" }), "revision_not_found");
    await failure(story.run(showLog, { rev: "none..main" }), "revision_not_found");
    await failure(story.run(showLog, { cursor: "e30" }), "page_token_not_found");
  });

  onEveryBackend("a path is a name, never a pattern of git", async (story) => {
    await story.git.commit({ files: { "a.txt": "a", ":colon": "c", "st*ar": "s" } });
    const oid = await story.git.commit({
      files: { "a.txt": "b", ":colon": "d", "st*ar": "t" },
      seconds: 1_700_000_100,
    });
    for (const path of [":colon", "st*ar", "a.txt"]) {
      const { items } = await story.run(showLog, { path, limit: 1 });
      expect([path, items.map((item) => item.oid)]).toEqual([path, [oid]]);
      expect((await story.run(showLog, { path, follow: true })).items).toHaveLength(2);
    }
    for (const path of ["*.txt", ":(glob)*", ":!a.txt", "-x"])
      expect([path, (await story.run(showLog, { path })).items]).toEqual([path, []]);
  });

  onEveryBackend("an expression that is none is refused, and named", async (story) => {
    await story.git.commit({ files: { a: "x" } });
    const details = async (input: { author?: string; message?: string; follow?: boolean; path?: string }) =>
      (await failure(story.run(showLog, input), "invalid_input")).details;
    expect(await details({ author: "[" })).toEqual({ field: "author", problem: "Invalid regular expression" });
    expect(await details({ message: "\\" })).toEqual({ field: "message", problem: "Trailing backslash" });
    expect(await details({ message: "[", follow: true, path: "a" })).toMatchObject({ field: "message" });
  });
});
