import { describe, expect } from "bun:test";
import { listBlobs } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("listBlobs", () => {
  onEveryBackend("lists each blob once, newest commit first", async (story) => {
    await story.git.commit({ files: { a: "old", b: "b" } });
    await story.git.commit({ files: { a: "new", b: "b", "dir/copy": "b", "dir/d": "d" } });
    const listed = await story.list(listBlobs, { revisions: ["main"], bytesMax: 0 });
    expect(listed.map(({ path, size }) => [path, size])).toEqual([
      ["a", 3],
      ["b", 1],
      ["dir/d", 1],
      ["a", 3],
    ]);
    const contents = async (input: object) =>
      (await story.list(listBlobs, { revisions: ["main"], ...input })).map(({ data }) => Buffer.from(data).toString());
    expect(await contents({})).toEqual(["new", "b", "d", "old"]);
    expect(await contents({ bytesMax: 1 })).toEqual(["n", "b", "d", "o"]);
    expect(await contents({ limit: 2 })).toEqual(["new", "b"]);
    expect(await contents({ limit: 0 })).toEqual([]);
    expect(await contents({ revisions: ["main~1..main"] })).toEqual(["new", "d"]);
    const [named] = await story.list(listBlobs, { revisions: [await story.git.text(["rev-parse", "main:a"])] });
    expect(named).not.toHaveProperty("path");
    await failure(contents({ revisions: ["none"] }), "revision_not_found");
  });

  onEveryBackend("gives large blobs in pieces, each with the path", async (story) => {
    const large = Buffer.alloc(700_000, "large content\n");
    await story.git.commit({ files: { small: "s", large, tiny: "t" } });
    const pieces = await story.list(listBlobs, { revisions: ["main"] });
    const ofLarge = pieces.filter(({ path }) => path === "large");
    expect(ofLarge.length).toBeGreaterThan(1);
    expect(ofLarge.map(({ size }) => size)).toEqual([700_000, ...ofLarge.slice(1).map(() => undefined)]);
    expect(Buffer.concat(ofLarge.map(({ data }) => data)).equals(large)).toBe(true);
    expect(pieces.filter(({ oid }) => oid !== undefined).map(({ path }) => path)).toEqual(["large", "small", "tiny"]);
  });
});
