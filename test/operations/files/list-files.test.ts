import { describe, expect } from "bun:test";
import { getFile, listFiles } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

const FILES = { "README.md": "# Demo\n", "docs/a.txt": "a\n", "docs/deep/b.txt": "b\n", "caf\xe9": "bytes\n" };

describe("listFiles", () => {
  onEveryBackend("lists what ls-tree lists", async (story) => {
    await story.git.commit({ files: FILES });
    for (const [input, args] of [
      [{}, ["main"]],
      [{ rev: "main", recursive: true }, ["-r", "-t", "main"]],
      [{ path: "docs", recursive: true }, ["-r", "-t", "main", "docs/"]],
    ] as const) {
      const { items, nextCursor } = await story.run(listFiles, input);
      const lines = (await story.git.git(["ls-tree", "-z", ...args])).toString("latin1").split("\0").slice(0, -1);
      const listed = items.map(({ mode, type, oid, path }) => `${mode} ${type} ${oid}\t${path}`);
      expect(listed).toEqual(lines.filter((line) => !line.endsWith("\tdocs") || args.length !== 4));
      expect(nextCursor).toBeNull();
    }
  });

  onEveryBackend("the pages of a list are of one commit", async (story) => {
    await story.git.commit({ files: FILES });
    const whole = await story.run(listFiles, { recursive: true });
    const first = await story.run(listFiles, { recursive: true, limit: 4 });
    await story.git.commit({ files: { other: "x" } });
    const second = await story.run(listFiles, { recursive: true, limit: 4, cursor: first.nextCursor! });
    expect([...first.items, ...second.items]).toEqual(whole.items);
    expect(second.nextCursor).toBeNull();
  });

  onEveryBackend("fails for what is not there", async (story) => {
    await story.git.commit({ files: FILES });
    await failure(story.run(listFiles, { rev: "none" }), "revision_not_found");
    await failure(story.run(listFiles, { path: "none" }), "path_not_found");
    await failure(story.run(listFiles, { path: "README.md" }), "path_not_found");
    await failure(story.run(listFiles, { cursor: "none" }), "page_token_not_found");
  });
});

describe("getFile", () => {
  onEveryBackend("reads a file of any bytes and any length", async (story) => {
    const large = Buffer.alloc(3_000_000, "0123456789\xff\n", "latin1");
    await story.git.commit({ files: { ...FILES, large } });
    const file = await story.run(getFile, { path: "large" });
    expect([file.size, Buffer.compare(file.content, large), file.mode]).toEqual([large.length, 0, "100644"]);
    expect(file.oid).toBe(await story.git.text(["rev-parse", "main:large"]));
    expect(Buffer.from((await story.run(getFile, { rev: "main", path: "caf\xe9" })).content).toString()).toBe(
      "bytes\n",
    );
    for (const path of ["docs", "none", "docs/../README.md", ""])
      await failure(story.run(getFile, { path }), "path_not_found");
  });
});
