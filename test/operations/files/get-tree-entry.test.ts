import { describe, expect } from "bun:test";
import { getTreeEntry } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

const LARGE = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `line ${i}\n`).join(""));

describe("getTreeEntry", () => {
  onEveryBackend("reads a file, whole or its beginning", async (story) => {
    const commit = await story.git.commit({
      files: { "dir/file.txt": "content\n", large: LARGE, "caf\xe9/\xff": "bytes" },
    });
    const oid = await story.git.text(["rev-parse", `${commit}:dir/file.txt`]);
    for (const revision of ["main", commit, `${commit}^{tree}`, await story.git.text(["rev-parse", "main^{tree}"])]) {
      const parts = await story.list(getTreeEntry, { revision, path: "dir/file.txt" });
      expect(parts).toMatchObject([{ entry: { oid, mode: 0o100644, type: "blob", path: "dir/file.txt" }, size: 8 }]);
      expect(Buffer.from(parts[0]!.data).toString()).toBe("content\n");
    }
    const [cut] = await story.list(getTreeEntry, { revision: "main", path: "dir/file.txt", bytesMax: 3 });
    expect([cut!.size, Buffer.from(cut!.data).toString()]).toEqual([8, "con"]);
    expect(await story.list(getTreeEntry, { revision: "main", path: "caf\xe9/\xff" })).toHaveLength(1);
    const pieces = await story.list(getTreeEntry, { revision: "main", path: "large" });
    expect(pieces.length).toBeGreaterThan(1);
    expect(
      pieces.every(({ entry, size }, index) => (index === 0) === (entry !== undefined && size === LARGE.length)),
    ).toBe(true);
    expect(Buffer.concat(pieces.map(({ data }) => data)).equals(LARGE)).toBe(true);
    const start = await story.list(getTreeEntry, { revision: "main", path: "large", bytesMax: 200_000 });
    expect(Buffer.concat(start.map(({ data }) => data)).equals(LARGE.subarray(0, 200_000))).toBe(true);
  });

  onEveryBackend("tells the size of a folder, and nothing but the id of a submodule", async (story) => {
    await story.git.commit({ files: { "dir/file.txt": "content\n" } });
    const tree = await story.git.text(["rev-parse", "main:dir"]);
    expect(await story.list(getTreeEntry, { revision: "main", path: "dir" })).toMatchObject([
      { entry: { oid: tree, type: "tree" }, size: 36 },
    ]);
    const withModule = await story.git
      .text(["mktree"], { input: `160000 commit ${"1".repeat(40)}\tmodule\n` })
      .catch(() => "");
    const [part] = await story.list(getTreeEntry, { revision: withModule, path: "module" });
    expect(part).toEqual({
      entry: { oid: "1".repeat(40), type: "commit", mode: 0o160000, path: "module" },
      data: new Uint8Array(),
    });
  });

  onEveryBackend("refuses what is not there, is no path, or is too large", async (story) => {
    await story.git.commit({ files: { "dir/file.txt": "content\n" } });
    const read = (revision: string, path: string, more: object = {}) =>
      story.list(getTreeEntry, { revision, path, ...more });
    for (const path of [
      "none",
      "dir/none",
      "dir/file.txt/x",
      "",
      ".",
      "..",
      "dir/",
      "/dir",
      "./dir",
      "dir/../dir",
      "dir//file.txt",
    ]) {
      expect((await failure(read("main", path), "path_not_found")).details.path).toBe(path);
    }
    for (const revision of ["none", "1".repeat(40), "main:dir/file.txt"])
      await failure(read(revision, "x"), "revision_not_found");
    expect((await failure(read("main", "dir/file.txt", { sizeMax: 7 }), "too_large")).details).toMatchObject({
      sizeBytes: 8,
      limitBytes: 7,
    });
    expect(await read("main", "dir/file.txt", { sizeMax: 8 })).toHaveLength(1);
  });
});
