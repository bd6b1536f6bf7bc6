import { describe, expect } from "bun:test";
import { getBlob } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

const LARGE = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `line ${i}\n`).join(""));

describe("getBlob", () => {
  onEveryBackend("reads a blob by id or by expression", async (story) => {
    await story.git.commit({ files: { "dir/file": "content", empty: "", large: LARGE } });
    const oid = await story.git.text(["rev-parse", "main:dir/file"]);
    for (const blob of [oid, "main:dir/file", oid.slice(0, 12)]) {
      expect(await story.list(getBlob, { blob })).toEqual([{ oid, size: 7, data: Buffer.from("content") }]);
    }
    expect(await story.list(getBlob, { blob: "main:empty" })).toMatchObject([{ size: 0 }]);
    expect(
      (await story.list(getBlob, { blob: oid, bytesMax: 0 })).map(({ size, data }) => [size, data.length]),
    ).toEqual([[7, 0]]);
    const pieces = await story.list(getBlob, { blob: "main:large" });
    expect(pieces.slice(1).every(({ oid: id, size }) => id === undefined && size === undefined)).toBe(true);
    expect(Buffer.concat(pieces.map(({ data }) => data)).equals(LARGE)).toBe(true);
  });

  onEveryBackend("refuses what is absent or no blob", async (story) => {
    await story.git.commit({ files: { "dir/file": "content" } });
    for (const blob of [
      "none",
      "1".repeat(40),
      "main",
      "main:dir",
      "main:none",
      await story.git.text(["rev-parse", "main"]),
    ]) {
      await failure(story.list(getBlob, { blob }), "object_not_found");
    }
  });
});
