import { describe, expect } from "bun:test";
import { getBlobs } from "../../../src/operations/index.ts";
import { onEveryBackend } from "../../support/read-story.ts";

describe("getBlobs", () => {
  onEveryBackend("answers in the order of the questions, for what is missing too", async (story) => {
    const large = Buffer.alloc(300_000, "0123456789\n");
    await story.git.commit({ files: { a: "old" } });
    await story.git.commit({ files: { a: "new", "dir/b": "b", large } });
    const files = [
      { revision: "main", path: "a" },
      { revision: "main~1", path: "a" },
      { revision: "main", path: "none" },
      { revision: "none", path: "a" },
      { revision: "main", path: "large" },
      { revision: "main", path: "dir" },
      { revision: "main", path: "a" },
    ];
    const parts = await story.list(getBlobs, { files });
    const firsts = parts.filter(({ file }) => file !== undefined);
    expect(firsts.map(({ file, entry, size }) => [file, entry?.path, size])).toEqual([
      [0, "a", 3],
      [1, "a", 3],
      [2, undefined, undefined],
      [3, undefined, undefined],
      [4, "large", 300_000],
      [5, "dir", 29],
      [6, "a", 3],
    ]);
    expect(Buffer.from(firsts[1]!.data).toString()).toBe("old");
    const start = parts.findIndex(({ file }) => file === 4);
    const end = parts.findIndex(({ file }) => file === 5);
    expect(Buffer.concat(parts.slice(start, end).map(({ data }) => data)).equals(large)).toBe(true);
    const cut = await story.list(getBlobs, { files: files.slice(0, 2), bytesMax: 1 });
    expect(cut.map(({ size, data }) => [size, Buffer.from(data).toString()])).toEqual([
      [3, "n"],
      [3, "o"],
    ]);
  });
});
