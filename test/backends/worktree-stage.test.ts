import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refusal, WorktreeStory } from "../support/worktree-story.ts";

const FILES = { "a.txt": "a\n", "b.txt": "b\n", "dir/c.txt": "c\n", "dir/deep/d.txt": "d\n", ".gitignore": "*.log\n" };

for (const objectFormat of ["sha1", "sha256"] as const) {
  for (const checkout of ["full", "lazy"] as const) {
    describe(`staging in a ${checkout} worktree, ${objectFormat}`, () => {
      const open = () => WorktreeStory.open({ files: FILES, objectFormat, checkout });

      test("takes files, folders and deletions", async () => {
        await using story = await open();
        await story.write({ "a.txt": "A\n", "b.txt": "B\n", "dir/c.txt": "C\n", "dir/new": "n\n", "dir/x.log": "x" });
        await story.worktree.stage(story.view, ["a.txt", "dir"]);
        expect(await story.status()).toEqual(["M  a.txt", " M b.txt", "M  dir/c.txt", "A  dir/new"].sort(byPath));
        rmSync(story.path("a.txt"));
        await story.worktree.stage(story.view, ["a.txt", "dir/x.log"]);
        expect(await story.status()).toEqual(["D  a.txt", " M b.txt", "M  dir/c.txt", "A  dir/new", "A  dir/x.log"]);
        await story.worktree.stage(story.view);
        expect((await story.status())[1]).toBe("M  b.txt");
        await story.git("fsck", "--strict");
      });

      test("takes what a file has become", async () => {
        await using story = await open();
        await story.write({ "a.txt": "A\n", "dir/c.txt": "C\n" });
        rmSync(story.path("a.txt"));
        await story.write({ "a.txt/below": "1\n" });
        await story.worktree.stage(story.view, ["a.txt"]);
        expect(await story.status()).toEqual(["D  a.txt", "A  a.txt/below", " M dir/c.txt"]);
        rmSync(story.path("a.txt"), { recursive: true });
        symlinkSync("/etc/passwd", story.path("a.txt"));
        await story.worktree.stage(story.view, ["a.txt"]);
        expect(await story.status()).toEqual(["T  a.txt", " M dir/c.txt"]);
        expect(await story.git("cat-file", "blob", ":a.txt")).toBe("/etc/passwd");
      });

      test("knows what is not there, and follows no link", async () => {
        await using story = await open();
        await story.write({ "a.txt": "A\n" });
        symlinkSync("/etc", story.path("link"));
        for (const path of ["none", "link/passwd", "*.txt", ":(glob)*"])
          expect(await refusal(story.worktree.stage(story.view, ["a.txt", path]), "path_not_found")).toEqual({ path });
        expect(await story.git("diff", "--cached", "--name-only")).toBe("");
      });

      test("is undone", async () => {
        await using story = await open();
        await story.write({ "a.txt": "A\n", "b.txt": "B\n", new: "n\n" });
        await story.worktree.stage(story.view);
        await story.worktree.unstage(story.view, ["a.txt"]);
        expect(await story.status()).toEqual([" M a.txt", "M  b.txt", "A  new"]);
        expect(await refusal(story.worktree.unstage(story.view, ["none"]), "path_not_found")).toEqual({ path: "none" });
        await story.worktree.unstage(story.view);
        expect(await story.status()).toEqual([" M a.txt", " M b.txt", "?? new"]);
        rmSync(story.path("b.txt"));
        await story.worktree.stage(story.view, ["b.txt"]);
        await story.worktree.unstage(story.view, ["b.txt"]);
        expect(await story.status()).toEqual([" M a.txt", " D b.txt", "?? new"]);
      });
    });
  }
}

test("staging and unstaging before the first commit", async () => {
  await using story = await WorktreeStory.open();
  await story.write({ a: "1", "d/b": "2" });
  await story.worktree.stage(story.view, ["d"]);
  expect(await story.status()).toEqual(["A  d/b", "?? a"]);
  await story.worktree.stage(story.view);
  await story.worktree.unstage(story.view, ["d/b"]);
  expect(await story.status()).toEqual(["A  a", "?? d/b"]);
  await story.worktree.unstage(story.view);
  expect(await story.status()).toEqual(["?? a", "?? d/b"]);
});

test("what is no file to git is not there", async () => {
  await using story = await WorktreeStory.open({ files: FILES });
  expect(spawnSync("mkfifo", [story.path("pipe")]).status).toBe(0);
  await refusal(story.worktree.stage(story.view, ["pipe"]), "path_not_found");
  await story.worktree.stage(story.view);
  expect(await story.status()).toEqual([]);
});

test("a file behind what has become a link is gone", async () => {
  await using story = await WorktreeStory.open({ files: FILES });
  rmSync(story.path("dir"), { recursive: true });
  symlinkSync("/etc", story.path("dir"));
  await story.worktree.stage(story.view, ["dir/c.txt"]);
  expect(await story.status()).toEqual(["D  dir/c.txt", " D dir/deep/d.txt", "?? dir"]);
  await story.worktree.stage(story.view, ["dir"]);
  expect(await story.status()).toEqual(["A  dir", "D  dir/c.txt", "D  dir/deep/d.txt"]);
});

test("names that are no UTF-8, and such as look like options", async () => {
  await using story = await WorktreeStory.open({ files: FILES });
  const names = ["caf\xe9", "--all", " ", "tab\there"];
  for (const name of names) writeFileSync(Buffer.from(`${story.view.workTree}/${name}`, "latin1"), name);
  await story.worktree.stage(story.view, names.slice(0, 2));
  const staged = await story.git("diff", "--cached", "--name-only", "-z");
  expect(staged.split("\0").filter(Boolean).sort()).toEqual(["--all", "caf\xe9"]);
  await story.worktree.unstage(story.view, names.slice(0, 2));
  expect(await story.git("diff", "--cached", "--name-only")).toBe("");
});

test("staging that is cut off leaves the index as it was", async () => {
  await using story = await WorktreeStory.open({ files: FILES });
  await story.write({ "a.txt": "A\n" });
  const controller = new AbortController();
  const call = story.worktree.stage({ ...story.view, signal: controller.signal }, ["a.txt"]);
  controller.abort();
  await refusal(call, "canceled");
  expect(await story.status()).toEqual([" M a.txt"]);
});

test("who works there with plain git keeps the lock", async () => {
  await using story = await WorktreeStory.open({ files: FILES });
  await story.write({ "a.txt": "A\n" });
  const lock = join(story.view.gitDir, "index.lock");
  writeFileSync(lock, "");
  await refusal(story.worktree.stage(story.view, ["a.txt"]), "index_locked");
  expect(existsSync(lock)).toBe(true);
  rmSync(lock);
  await story.worktree.stage(story.view, ["a.txt"]);
  expect(await story.status()).toEqual(["M  a.txt"]);
});

const byPath = (a: string, b: string): number => (a.slice(3) < b.slice(3) ? -1 : 1);
