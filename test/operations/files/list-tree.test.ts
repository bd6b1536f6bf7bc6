import { describe, expect } from "bun:test";
import { listTree } from "../../../src/operations/index.ts";
import { failure, onEveryBackend, type ReadStory } from "../../support/read-story.ts";

const FILES = {
  "a.txt": "a",
  "a/b/c/file": "1",
  "a/b/c/other": "2",
  "one/two/three": "3",
  z: "z",
  "caf\xe9/\xff": "bytes",
};

async function list(story: ReadStory, input: object) {
  const batches = await story.list(listTree, { revision: "main", ...input });
  return batches.flatMap(({ entries, flatPaths }) =>
    entries.map((entry, index) => ({ ...entry, flatPath: flatPaths?.[index] })),
  );
}

const paths = async (story: ReadStory, input: object) => (await list(story, input)).map(({ path }) => path);

describe("listTree", () => {
  onEveryBackend("lists what git ls-tree lists", async (story) => {
    const commit = await story.git.commit({ files: FILES });
    const shown = (found: Awaited<ReturnType<typeof list>>) =>
      found
        .map(({ mode, type, oid, path }) => `${mode.toString(8).padStart(6, "0")} ${type} ${oid}\t${path}\0`)
        .join("");
    for (const revision of ["main", commit]) {
      expect(shown(await list(story, { revision }))).toBe(await story.git.text(["ls-tree", "-z", "main"]));
      expect(shown(await list(story, { revision, recursive: true }))).toBe(
        await story.git.text(["ls-tree", "-r", "-t", "-z", "main"]),
      );
      const below = shown(await list(story, { revision, path: "a/b", recursive: true }));
      expect(below).toBe(
        await story.git.text(["ls-tree", "-r", "-t", "-z", "main:a/b"]).then((text) => text.replaceAll("\t", "\ta/b/")),
      );
    }
  });

  onEveryBackend("puts trees first, gives pages, and flat paths", async (story) => {
    await story.git.commit({ files: FILES });
    const sorted = ["a", "caf\xe9", "one", "a.txt", "z"];
    expect(await paths(story, { order: "trees-first" })).toEqual(sorted);
    expect(await paths(story, { order: "trees-first", after: "caf\xe9", limit: 2 })).toEqual(["one", "a.txt"]);
    const folder = await story.git.text(["rev-parse", "main:a"]);
    expect(await paths(story, { afterOid: folder, limit: 1 })).toEqual(["caf\xe9"]);
    expect(await paths(story, { limit: 0 })).toEqual([]);
    expect((await list(story, { flatPaths: true })).map(({ flatPath }) => flatPath)).toEqual([
      "a.txt",
      "a/b/c",
      "caf\xe9",
      "one/two",
      "z",
    ]);
    await failure(list(story, { after: "none" }), "page_token_not_found");
  });

  onEveryBackend("has nothing below a file or in the empty tree, and refuses what is not there", async (story) => {
    await story.git.commit({ files: FILES });
    await story.git.commit({ branch: "empty" });
    expect(await list(story, { path: "a.txt" })).toEqual([]);
    expect(await list(story, { revision: "empty", recursive: true })).toEqual([]);
    expect(await list(story, { revision: "4b825dc642cb6eb9a060e54bf8d69288fbee4904" })).toEqual([]);
    await failure(list(story, { revision: "none" }), "revision_not_found");
    await failure(list(story, { path: "none" }), "path_not_found");
  });

  onEveryBackend("lists thousands of entries in their order", async (story) => {
    const oid = await story.git.writeObject("blob", "x");
    const names = Array.from({ length: 5000 }, (_, i) => String(i).padStart(5, "0"));
    const tree = await story.git.text(["mktree"], {
      input: names.map((name) => `100644 blob ${oid}\t${name}\n`).join(""),
    });
    expect(await paths(story, { revision: tree })).toEqual(names);
    expect(await paths(story, { revision: tree, after: "02999", limit: 1500 })).toEqual(names.slice(3000, 4500));
  });
});
