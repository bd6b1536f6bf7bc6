import { describe, expect } from "bun:test";
import { diffCommits } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

const lines = (count: number, change?: number) =>
  Array.from({ length: count }, (_, i) => `${i === change ? "new" : `line ${i}`}\n`).join("");

describe("diffCommits", () => {
  onEveryBackend("compares two revisions file by file", async (story) => {
    await story.git.commit({
      branch: "left",
      files: { changed: lines(5), gone: "gone\n", moved: lines(20), same: "s\n" },
    });
    await story.git.commit({
      branch: "right",
      files: { changed: lines(5, 2), added: "added\n", renamed: lines(20), same: "s\n" },
    });
    const found = await story.list(diffCommits, { left: "left", right: "right", renameThreshold: 50 });
    expect(found.map(({ status, oldPath, newPath }) => `${status} ${oldPath} ${newPath}`)).toEqual([
      "added added added",
      "modified changed changed",
      "deleted gone gone",
      "renamed moved renamed",
    ]);
    expect(found.map(({ patch }) => Buffer.from(patch).toString())).toEqual([
      "@@ -0,0 +1 @@\n+added\n",
      "@@ -1,5 +1,5 @@\n line 0\n line 1\n-line 2\n+new\n line 3\n line 4\n",
      "@@ -1 +0,0 @@\n-gone\n",
      "",
    ]);
    const narrow = await story.list(diffCommits, { left: "left", right: "right", paths: ["gone", "moved"] });
    expect(narrow.map(({ status }) => status)).toEqual(["deleted", "deleted"]);
  });

  onEveryBackend("takes trees and the empty tree, and refuses what is not there", async (story) => {
    await story.git.commit({ files: { file: "x\n" } });
    const empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    expect(await story.list(diffCommits, { left: empty, right: "main^{tree}" })).toHaveLength(1);
    expect(await story.list(diffCommits, { left: "main", right: "main" })).toEqual([]);
    expect(
      (await failure(story.list(diffCommits, { left: "none", right: "main" }), "revision_not_found")).details,
    ).toEqual({ revision: "none", field: "left" });
    expect(
      (await failure(story.list(diffCommits, { left: "main", right: "main:file" }), "revision_not_found")).details
        .field,
    ).toBe("right");
  });
});
