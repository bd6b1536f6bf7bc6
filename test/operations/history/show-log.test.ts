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
});
