import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { refusal, WorktreeStory } from "../support/worktree-story.ts";

const FILES = { "a.txt": "1\n2\n3\n4\n5\n", b: "b\n", "dir/c.txt": "c\n", ".gitignore": "*.log\n" };
const committer = Buffer.from("J\xf6rg <j@example.com> 1700000000 +0000", "latin1");

for (const objectFormat of ["sha1", "sha256"] as const) {
  for (const checkout of ["full", "lazy"] as const) {
    const open = () => WorktreeStory.open({ files: FILES, objectFormat, checkout });

    describe(`stashes of a ${checkout} worktree, ${objectFormat}`, () => {
      const save = (story: WorktreeStory, message?: string, includeUntracked = false) =>
        story.worktree.stashSave(story.view, {
          ...(message === undefined ? {} : { message: Buffer.from(message) }),
          includeUntracked,
          committer,
        });

      test("put changes away and bring them back, as git does", async () => {
        await using story = await open();
        const { worktree, view } = story;
        expect(await save(story)).toBeUndefined();
        await story.write({ "a.txt": "staged\n", new: "new\n", "un/tracked": "u\n", "x.log": "l" });
        await worktree.stage(view, ["a.txt", "new"]);
        await story.write({ "a.txt": "later\n" });
        rmSync(story.path("b"), { force: true });
        await story.write({ b: "B\n" });
        const before = await story.status();
        const first = await save(story, undefined, true);
        expect(await story.status()).toEqual([]);
        expect(readFileSync(story.path("x.log"), "utf8")).toBe("l");
        const subject = await story.git("log", "-1", "--format=%h %s", "--abbrev=7");
        expect(await story.git("stash", "list")).toBe(`stash@{0}: WIP on main: ${subject}`);
        expect(await story.git("stash", "show", "--include-untracked", "--name-only")).toBe(
          "a.txt\nb\nnew\nun/tracked",
        );
        expect(await story.git("log", "-1", "--format=%an|%s", first!.oid)).toBe(`J\xf6rg|WIP on main: ${subject}`);
        await story.write({ b: "other\n" });
        await save(story, "caf\u00e9");
        const listed = await worktree.stashList(view);
        expect(listed.map(({ position, message }) => [position, Buffer.from(message).toString()])).toEqual([
          [0, "On main: caf\u00e9"],
          [1, `WIP on main: ${subject}`],
        ]);
        expect(await worktree.stashApply(view, first!.oid, { index: true })).toEqual({ conflictingPaths: [] });
        expect(await story.status()).toEqual(before);
        expect(await story.git("cat-file", "blob", ":a.txt")).toBe("staged");
        expect(readFileSync(story.path("a.txt"), "utf8")).toBe("later\n");
        await worktree.stashDrop(view, first!.oid);
        expect(await story.git("stash", "list")).toBe("stash@{0}: On main: caf\u00e9".replace("\u00e9", "\xc3\xa9"));
        expect(await refusal(worktree.stashDrop(view, first!.oid), "stash_not_found")).toEqual({ stash: first!.oid });
        await refusal(worktree.stashApply(view, first!.oid, { index: false }), "stash_not_found");
        await worktree.stashDrop(view, listed[0]!.oid);
        expect(await worktree.stashList(view)).toEqual([]);
        expect(await story.git("stash", "list")).toBe("");
        await story.git("fsck", "--strict");
      });

      test("that conflict are listed, and lose nothing", async () => {
        await using story = await open();
        const { worktree, view } = story;
        await story.write({ "a.txt": "1\nmine\n3\n4\n5\n", untracked: "u\n" });
        const stash = await save(story, "mine", true);
        await story.write({ "a.txt": "1\ntheirs\n3\n4\n5\n" });
        expect(await refusal(worktree.stashApply(view, stash!.oid, { index: false }), "worktree_dirty")).toEqual({
          paths: ["a.txt"],
        });
        expect(await story.status()).toEqual([" M a.txt"]);
        await worktree.stage(view);
        await story.git("commit", "--quiet", "-m", "theirs");
        expect(await worktree.stashApply(view, stash!.oid, { index: false })).toEqual({ conflictingPaths: ["a.txt"] });
        const text = readFileSync(story.path("a.txt"), "utf8");
        expect(text).toContain("theirs");
        expect(text).toContain("mine");
        expect(readFileSync(story.path("untracked"), "utf8")).toBe("u\n");
        expect(await story.git("stash", "list")).toBe("stash@{0}: On main: mine");
        expect(await refusal(save(story), "index_unmerged")).toEqual({ paths: ["a.txt"] });
        await refusal(worktree.discard(view, undefined, { untracked: false }), "index_unmerged");
        const head = await story.git("rev-parse", "HEAD");
        expect(await refusal(worktree.reset(view, head, "soft"), "index_unmerged")).toEqual({ paths: ["a.txt"] });
        await refusal(worktree.stashApply(view, stash!.oid, { index: false }), "index_unmerged");
        await worktree.reset(view, await story.git("rev-parse", "HEAD"), "hard");
        expect(await story.status()).toEqual(["?? untracked"]);
        // What it would restore is there already, with something else in it.
        await story.write({ untracked: "newer\n" });
        expect(await refusal(worktree.stashApply(view, stash!.oid, { index: false }), "worktree_dirty")).toEqual({
          paths: ["untracked"],
        });
        expect(readFileSync(story.path("untracked"), "utf8")).toBe("newer\n");
      });

      test("write over no file that git does not know", async () => {
        await using story = await open();
        const { worktree, view } = story;
        await story.write({ "new/file": "stashed\n", "a.txt": "changed\n" });
        await worktree.stage(view, ["new/file"]);
        const stash = await save(story);
        for (const mine of ["new/file", "new", "new/file/below"]) {
          await story.write({ [mine]: "mine\n" });
          expect(
            await refusal(worktree.stashApply(view, stash!.oid, { index: false }), "worktree_dirty"),
          ).toBeDefined();
          expect(readFileSync(story.path(mine), "utf8")).toBe("mine\n");
          expect(await story.status()).toEqual([`?? ${mine}`]);
          rmSync(story.path("new"), { recursive: true });
        }
        expect(await worktree.stashApply(view, stash!.oid, { index: false })).toEqual({ conflictingPaths: [] });
        expect(readFileSync(story.path("new/file"), "utf8")).toBe("stashed\n");
      });

      test("take a folder that is staged in the place of a file, and a file in that of a folder", async () => {
        await using story = await open();
        const { worktree, view } = story;
        await story.git("rm", "--quiet", "--cached", "--sparse", "-r", "b", "dir");
        rmSync(story.path("b"), { force: true });
        rmSync(story.path("dir"), { force: true, recursive: true });
        await story.write({ "b/below": "folder\n", dir: "file\n" });
        await worktree.stage(view, ["b/below", "dir"]);
        const before = await story.status();
        expect(before).toEqual(["D  b", "A  b/below", "A  dir", "D  dir/c.txt"]);
        const stash = await save(story);
        expect(await story.status()).toEqual([]);
        expect(await worktree.stashApply(view, stash!.oid, { index: true })).toEqual({ conflictingPaths: [] });
        expect(await story.status()).toEqual(before);
      });

      test("take a file that was taken out of the index alone", async () => {
        await using story = await open();
        await story.write({ b: "kept\n" });
        await story.git("rm", "--quiet", "--cached", "--sparse", "b");
        const stash = await save(story);
        expect(await story.git("cat-file", "blob", `${stash!.oid}:b`)).toBe("kept");
        expect(await story.status()).toEqual([]);
      });
    });
  }
}

test("there is no stash before the first commit", async () => {
  await using story = await WorktreeStory.open();
  await story.write({ a: "1" });
  await refusal(story.worktree.stashSave(story.view, { includeUntracked: true, committer }), "revision_not_found");
  expect(await story.status()).toEqual(["?? a"]);
});

test("stashes take what stands in the place of a file", async () => {
  await using story = await WorktreeStory.open({ files: FILES });
  const { worktree, view } = story;
  await story.write({ b: "changed", "dir/c.txt": "C" });
  rmSync(story.path("b"));
  await story.write({ "b/mine": "mine\n" });
  rmSync(story.path("dir"), { recursive: true });
  symlinkSync("elsewhere", story.path("dir"));
  const stash = await worktree.stashSave(view, { includeUntracked: false, committer });
  expect(await story.status()).toEqual([]);
  expect(readFileSync(story.path("b"), "utf8")).toBe("b\n");
  expect(await story.git("cat-file", "blob", `${stash!.oid}:b/mine`)).toBe("mine");
  expect(await story.git("cat-file", "blob", `${stash!.oid}:dir`)).toBe("elsewhere");
  expect(await worktree.stashApply(view, stash!.oid, { index: false })).toEqual({ conflictingPaths: [] });
  expect(readFileSync(story.path("b/mine"), "utf8")).toBe("mine\n");
});

test.each([false, true])(
  "what is staged in a lazy worktree and stands in no file is stashed as well, index: %p",
  async (index) => {
    await using story = await WorktreeStory.open({ files: FILES, checkout: "lazy" });
    const { worktree, view } = story;
    const patch = "--- a/b\n+++ b/b\n@@ -1 +1 @@\n-b\n+B\n--- /dev/null\n+++ b/dir/new\n@@ -0,0 +1 @@\n+new\n";
    await worktree.applyPatch(view, Buffer.from(patch), { to: "index" });
    const before = await story.git("diff", "HEAD");
    expect(await story.git("diff", "--cached", "HEAD")).toBe(before);
    const stash = await worktree.stashSave(view, { includeUntracked: false, committer });
    expect(await story.status()).toEqual([]);
    expect(await worktree.stashApply(view, stash!.oid, { index })).toEqual({ conflictingPaths: [] });
    expect(await story.git("diff", "HEAD")).toBe(before);
    expect(await story.status()).toEqual([index ? "M  b" : " M b", "A  dir/new"]);
  },
);
