// The newest commit of each of many paths, against git log, one path after the other.
import { describe, expect } from "bun:test";
import { findLastCommits } from "../../../src/operations/index.ts";
import { Dice } from "../../support/generated-trees.ts";
import { makeRandomHistory } from "../../support/random-history.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

const COMMITS = 300;
const SEED = 20;

describe("findLastCommits", () => {
  onEveryBackend("finds what git log finds for every path", async (story) => {
    const { git } = story;
    await makeRandomHistory(git, new Dice(SEED), { commits: COMMITS, wrongClocks: false, distinct: true });
    const listed = await git.text(["ls-tree", "-r", "-t", "--name-only", "main"]);
    const paths = listed.split("\n");
    expect(paths.length).toBeGreaterThan(5);
    const expected = await Promise.all(
      paths.map(async (path) => `${path} ${await git.text(["log", "-1", "--format=%H", "main", "--", path])}`),
    );
    const { items } = await story.run(findLastCommits, { rev: "main", paths });
    expect(items.map(({ path, commit }) => `${path} ${commit.oid}`)).toEqual(expected);
  });

  onEveryBackend("takes names as they are, and each path once", async (story) => {
    const { git } = story;
    const star = await git.commit({ files: { "*": "1", "a b": "1" }, message: "star\n" });
    const other = await git.commit({ files: { "*": "1", "a b": "2", x: "1" }, message: "other\n" });
    const { commit, items } = await story.run(findLastCommits, { rev: "main", paths: ["a b", "*", "*"] });
    expect(commit).toBe(other);
    expect(items.map((item) => [item.path, item.commit.oid])).toEqual([
      ["a b", other],
      ["*", star],
    ]);
    expect(Buffer.from(items[0]!.commit.subject).toString()).toBe("other");
  });

  onEveryBackend("goes to the beginning for what has never changed", async (story) => {
    const first = await story.git.commit({ files: { old: "1", "deep/er/old": "1", new: "0" } });
    const commits = Array.from({ length: 600 }, (_, n) => {
      const from = n === 0 ? `from ${first}\n` : "";
      return `commit refs/heads/main\ncommitter A <a@x> ${1_700_001_000 + n} +0000\ndata 1\nx\n${from}M 644 inline new\ndata 3\n${100 + n}\n\n`;
    });
    await story.git.git(["fast-import", "--quiet", "--force"], { input: commits.join("") });
    const last = await story.git.text(["rev-parse", "main"]);
    const { items } = await story.run(findLastCommits, { rev: "main", paths: ["new", "old", "deep"] });
    expect(items.map(({ commit }) => commit.oid)).toEqual([last, first, first]);
  });

  onEveryBackend("says what is not there", async (story) => {
    await story.git.commit({ files: { a: "1" } });
    await failure(story.run(findLastCommits, { rev: "main", paths: ["a", "b"] }), "path_not_found");
    await failure(story.run(findLastCommits, { rev: "none", paths: ["a"] }), "revision_not_found");
    await failure(story.run(findLastCommits, { rev: "main", paths: ["../a"] }), "invalid_path");
    await failure(story.run(findLastCommits, { rev: "main", paths: [] }), "invalid_input");
  });
});
