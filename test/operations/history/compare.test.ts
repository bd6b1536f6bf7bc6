import { describe, expect } from "bun:test";
import { blameFile, compareCommits, findMergeBase, showCommit } from "../../../src/operations/index.ts";
import { failure, onEveryBackend, type ReadStory } from "../../support/read-story.ts";

const lines = (...words: string[]) => words.map((word) => `${word}\n`).join("");

/** main and topic part after the first commit; topic has two of its own, main one. */
async function parted(story: ReadStory) {
  const base = await story.git.commit({ files: { f: lines("a", "b", "c") }, seconds: 1_700_000_000 });
  const first = await story.git.commit({
    branch: "topic",
    parents: [base],
    files: { f: lines("a", "B", "c") },
    seconds: 1_700_000_001,
  });
  const second = await story.git.commit({
    branch: "topic",
    files: { f: lines("a", "B", "c", "d"), g: lines("new") },
    seconds: 1_700_000_002,
  });
  const other = await story.git.commit({ files: { f: lines("a", "b", "c"), h: lines("x") }, seconds: 1_700_000_003 });
  return { base, first, second, other };
}

describe("compareCommits", () => {
  onEveryBackend("tells what a branch has since it parted", async (story) => {
    const { base, first, second, other } = await parted(story);
    const comparison = await story.run(compareCommits, { from: "main", to: "topic" });
    expect(comparison).toMatchObject({ from: other, to: second, mergeBase: base, ahead: 2, behind: 1 });
    expect(comparison.commits.map(({ oid }) => oid)).toEqual([second, first]);
    const stat = await story.git.text(["diff", "--numstat", "main...topic"]);
    expect(
      comparison.files.map(({ additions, deletions, path }) => `${additions}\t${deletions}\t${path}`).join("\n"),
    ).toBe(stat);
    expect([comparison.additions, comparison.deletions]).toEqual([3, 1]);
    await failure(story.run(compareCommits, { from: "none", to: "topic" }), "revision_not_found");
  });
});

describe("findMergeBase", () => {
  onEveryBackend("finds what git finds", async (story) => {
    const { base } = await parted(story);
    expect(await story.run(findMergeBase, { from: "main", to: "topic" })).toEqual({ oids: [base] });
    await story.git.commit({ branch: "apart", parents: [], files: { z: "z" } });
    expect(await story.run(findMergeBase, { from: "main", to: "apart" })).toEqual({ oids: [] });
    await failure(story.run(findMergeBase, { from: "main", to: "none" }), "revision_not_found");
  });
});

describe("blameFile", () => {
  onEveryBackend("tells which commits lines came with", async (story) => {
    const { base, first, second } = await parted(story);
    const blame = await story.run(blameFile, { rev: "topic", path: "f" });
    expect(blame.ranges.flatMap(({ commit, lineCount }) => Array<string>(lineCount).fill(commit))).toEqual([
      base,
      first,
      base,
      second,
    ]);
    expect(new Set(blame.commits.map(({ oid }) => oid))).toEqual(new Set([base, first, second]));
    const part = await story.run(blameFile, { rev: "topic", path: "f", firstLine: 2, lastLine: 2 });
    expect(part.ranges).toMatchObject([{ commit: first, line: 2, lineCount: 1, originalPath: "f" }]);
    await failure(story.run(blameFile, { path: "none" }), "path_not_found");
    await failure(story.run(blameFile, { path: "../f" }), "invalid_path");
    await failure(story.run(blameFile, { path: "f", firstLine: 0 }), "invalid_input");
  });
});

describe("showCommit", () => {
  onEveryBackend("shows a commit with what it changed", async (story) => {
    const { base, second } = await parted(story);
    const shown = await story.run(showCommit, { rev: "topic" });
    expect(shown.commit).toMatchObject({ oid: second, author: { date: "2023-11-14T22:13:22+00:00" } });
    expect(shown).toMatchObject({ additions: 2, deletions: 0, signature: { kind: "none", state: "none" } });
    expect(shown.files.map(({ path }) => path)).toEqual(["f", "g"]);
    expect(await story.run(showCommit, { rev: base })).toMatchObject({ additions: 3, deletions: 0 });
    await failure(story.run(showCommit, { rev: "none" }), "revision_not_found");
  });
});
