import { describe, expect } from "bun:test";
import { diffStats } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("diffStats", () => {
  onEveryBackend("counts lines as git diff --numstat does", async (story) => {
    const text = Array.from({ length: 40 }, (_, i) => `line ${i}\n`).join("");
    await story.git.commit({ branch: "left", files: { a: text, bin: "\0\x01", moved: `${text}end\n` } });
    await story.git.commit({
      branch: "right",
      files: { a: text.replace("line 20", "twenty\n20"), bin: "\0\x02", there: `${text}end!\n` },
    });
    expect(await story.list(diffStats, { left: "left", right: "right" })).toEqual([
      { path: "a", additions: 2, deletions: 1 },
      { path: "bin", additions: 0, deletions: 0 },
      { path: "there", oldPath: "moved", additions: 1, deletions: 1 },
    ]);
    await failure(story.list(diffStats, { left: "none", right: "right" }), "revision_not_found");
  });
});
