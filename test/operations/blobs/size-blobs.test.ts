import { describe, expect } from "bun:test";
import { sizeBlobs } from "../../../src/operations/index.ts";
import { onEveryBackend } from "../../support/read-story.ts";

describe("sizeBlobs", () => {
  onEveryBackend("tells sizes of blobs, and of nothing else", async (story) => {
    const commit = await story.git.commit({ files: { a: "12345", empty: "" } });
    const [a, empty] = [
      await story.git.text(["rev-parse", "main:a"]),
      await story.git.text(["rev-parse", "main:empty"]),
    ];
    const oids = [a!, empty!, a!, commit, "0".repeat(40), "none"];
    const { items } = await story.run(sizeBlobs, { oids });
    expect(items).toEqual([
      { oid: a!, size: 5 },
      { oid: empty!, size: 0 },
    ]);
  });
});
