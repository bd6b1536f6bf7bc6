import { describe, expect } from "bun:test";
import { listAllBranches } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("listAllBranches", () => {
  onEveryBackend(
    "lists local and remote branches, on request those that the default branch contains",
    async (story) => {
      const base = await story.git.commit();
      const main = await story.git.commit();
      await story.git.commit({ branch: "ahead", parents: [main] });
      await story.git.git(["update-ref", "refs/heads/behind", base]);
      await story.git.git(["update-ref", "refs/remotes/origin/main", main]);
      await story.git.git(["update-ref", "refs/tags/v1", base]);
      const names = async (input: object) => (await story.list(listAllBranches, input)).map(({ name }) => name);
      expect(await names({})).toEqual([
        "refs/heads/ahead",
        "refs/heads/behind",
        "refs/heads/main",
        "refs/remotes/origin/main",
      ]);
      expect(await names({ mergedOnly: true })).toEqual([
        "refs/heads/behind",
        "refs/heads/main",
        "refs/remotes/origin/main",
      ]);
      expect(await names({ mergedOnly: true, patterns: ["refs/heads/b*", "refs/heads/ahead"] })).toEqual([
        "refs/heads/behind",
      ]);
    },
  );

  onEveryBackend("needs a default branch to compare with", async (story) => {
    expect(await story.list(listAllBranches, {})).toEqual([]);
    await failure(story.list(listAllBranches, { mergedOnly: true }), "reference_not_found");
  });
});
