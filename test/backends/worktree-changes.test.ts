import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, symlinkSync, chmodSync } from "node:fs";
import type { WorktreeDiffSpec } from "../../src/backend/worktree-facet.ts";
import { formatPatch } from "../../src/domain/format-patch.ts";
import { refusal, WorktreeStory } from "../support/worktree-story.ts";

const LINES = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join("");
const FILES = { "a.txt": LINES, "b c.txt": "b\n", "dir/c.txt": "c\n", "dir/d.bin": "\0\x01\n", w: "1 2\n" };
const ABSENT = "0123456789012345678901234567890123456789";

for (const objectFormat of ["sha1", "sha256"] as const) {
  for (const checkout of ["full", "lazy"] as const) {
    const open = () => WorktreeStory.open({ files: FILES, objectFormat, checkout });

    describe(`differences of a ${checkout} worktree, ${objectFormat}`, () => {
      const textOf = async (story: WorktreeStory, side: "diffIndex" | "diffWorktree", spec: WorktreeDiffSpec = {}) => {
        const texts: Uint8Array[] = [];
        for await (const patch of story.worktree[side](story.view, spec)) texts.push(formatPatch(patch));
        return Buffer.concat(texts).toString("latin1");
      };
      const change = async (story: WorktreeStory) => {
        await story.write({
          "a.txt": LINES.replace("line 3\n", "LINE 3\n").replace("line 20\n", ""),
          "b c.txt": "bb\n",
          "dir/d.bin": "\0\x02",
          "dir/c.txt": "c\n",
          w: "1  2\n",
        });
        rmSync(story.path("b c.txt"));
        symlinkSync("target", story.path("b c.txt"));
        chmodSync(story.path("dir/c.txt"), 0o755);
      };

      test("are what git says", async () => {
        await using story = await open();
        await change(story);
        const git = async (...args: string[]) =>
          `${await story.git("diff", "--full-index", "--no-renames", ...args)}\n`;
        expect(await textOf(story, "diffWorktree")).toBe(await git());
        expect(await textOf(story, "diffWorktree", { contextLines: 1, paths: ["a.txt", "dir"] })).toBe(
          await git("-U1", "--", "a.txt", "dir"),
        );
        expect(await textOf(story, "diffWorktree", { whitespace: "ignore-all" })).toBe(await git("-w"));
        expect(await textOf(story, "diffIndex")).toBe("");
        await story.worktree.stage(story.view);
        expect(await textOf(story, "diffWorktree")).toBe("");
        expect(await textOf(story, "diffIndex")).toBe(await git("--cached"));
      });

      test("find what was renamed", async () => {
        await using story = await open();
        await story.write({ "moved.txt": LINES.replace("line 3\n", "") });
        await story.write({ "a.txt": "" });
        rmSync(story.path("a.txt"));
        await story.worktree.stage(story.view);
        expect(await textOf(story, "diffIndex", { renameThreshold: 50 })).toBe(
          `${await story.git("diff", "--cached", "--full-index", "--find-renames=50%")}\n`,
        );
      });
    });

    describe(`patches on the index of a ${checkout} worktree, ${objectFormat}`, () => {
      const apply = (story: WorktreeStory, patch: string, reverse = false) =>
        story.worktree.applyPatch(story.view, Buffer.from(patch, "latin1"), { to: "index", reverse });

      test("stage one hunk of two", async () => {
        await using story = await open();
        await story.write({ "a.txt": LINES.replace("line 3\n", "LINE 3\n").replace("line 20\n", "") });
        const patch = await story.git("diff");
        await apply(story, `${patch.slice(0, patch.indexOf("\n@@", patch.indexOf("@@ -1")) + 1)}`);
        expect(await story.git("diff", "--cached", "--numstat")).toBe("1\t1\ta.txt");
        expect(await story.git("diff", "--numstat")).toBe("0\t1\ta.txt");
        await apply(story, `${await story.git("diff", "--cached")}\n`, true);
        expect(await story.status()).toEqual([" M a.txt"]);
      });

      test("stage files that are not in the worktree, which a lazy one goes on leaving out", async () => {
        await using story = await open();
        await apply(story, "--- a/dir/c.txt\n+++ b/dir/c.txt\n@@ -1 +1 @@\n-c\n+C\n");
        await apply(story, "--- /dev/null\n+++ b/dir/new\n@@ -0,0 +1 @@\n+new\n");
        expect(await story.status()).toEqual(
          checkout === "lazy" ? ["M  dir/c.txt", "A  dir/new"] : ["MM dir/c.txt", "AD dir/new"],
        );
        expect(await story.git("cat-file", "blob", ":dir/new")).toBe("new");
      });

      test("stage binary files where they are what the patch begins with", async () => {
        await using story = await open();
        await story.write({ "dir/d.bin": "\0\x02\x03" });
        const patch = `${await story.git("diff", "--binary")}\n`;
        await apply(story, patch);
        expect(await story.git("diff", "--name-only")).toBe("");
        expect(await refusal(apply(story, patch), "patch_not_applicable")).toEqual({ path: "dir/d.bin", hunk: null });
        const plain = `${await story.git("diff", "--cached")}\n`;
        expect(await refusal(apply(story, plain), "invalid_input")).toMatchObject({ field: "patch" });
      });

      test("are applied as a whole or not at all", async () => {
        await using story = await open();
        const good = "--- a/dir/c.txt\n+++ b/dir/c.txt\n@@ -1 +1 @@\n-c\n+C\n";
        const hunk = "@@ -2,3 +2,3 @@\n line 1\n-no such line\n+x\n line 3\n";
        expect(await refusal(apply(story, `${good}--- a/a.txt\n+++ b/a.txt\n${hunk}`), "patch_not_applicable")).toEqual(
          { path: "a.txt", hunk: Buffer.from(hunk) },
        );
        const gone = "--- a/none\n+++ b/none\n@@ -1 +1 @@\n-c\n+C\n";
        expect(await refusal(apply(story, good + gone), "patch_not_applicable")).toMatchObject({ path: "none" });
        const made = "diff --git a/w b/w\nnew file mode 100644\n--- /dev/null\n+++ b/w\n@@ -0,0 +1 @@\n+w\n";
        expect(await refusal(apply(story, good + made), "patch_not_applicable")).toMatchObject({ path: "w" });
        expect(await story.status()).toEqual([]);
      });
    });

    describe(`setting back a ${checkout} worktree, ${objectFormat}`, () => {
      test("files, as the index has them", async () => {
        await using story = await open();
        await story.write({ "a.txt": "staged\n", "dir/c.txt": "C\n", w: "w", new: "n", "dir/new": "n", "x.log": "l" });
        await story.write({ ".gitignore": "*.log\n" });
        await story.worktree.stage(story.view, ["a.txt", ".gitignore"]);
        await story.write({ "a.txt": "later\n" });
        rmSync(story.path("w"));
        await story.worktree.discard(story.view, ["a.txt", "dir", "new"], { untracked: false });
        expect(readFileSync(story.path("a.txt"), "utf8")).toBe("staged\n");
        expect(await story.status()).toEqual(["A  .gitignore", "M  a.txt", " D w", "?? dir/new", "?? new"]);
        await story.worktree.discard(story.view, ["dir"], { untracked: true });
        expect(await story.status()).toEqual(["A  .gitignore", "M  a.txt", " D w", "?? new"]);
        await story.worktree.discard(story.view, undefined, { untracked: true });
        expect(await story.status()).toEqual(["A  .gitignore", "M  a.txt"]);
        expect(existsSync(story.path("x.log"))).toBe(true);
        await story.worktree.discard(story.view, ["x.log"], { untracked: true });
        expect(existsSync(story.path("x.log"))).toBe(false);
        expect(
          await refusal(story.worktree.discard(story.view, ["x.log"], { untracked: true }), "path_not_found"),
        ).toEqual({ path: "x.log" });
      });

      test("loses nothing that it was not asked for", async () => {
        await using story = await open();
        await story.write({ w: "changed", "dir/c.txt": "C\n" });
        rmSync(story.path("w"));
        await story.write({ "w/mine": "mine\n" });
        const refused = { paths: ["w/mine"] };
        const { worktree, view } = story;
        expect(await refusal(worktree.discard(view, undefined, { untracked: false }), "worktree_dirty")).toEqual(
          refused,
        );
        expect(await refusal(worktree.discard(view, ["w"], { untracked: false }), "worktree_dirty")).toEqual(refused);
        const head = await story.git("rev-parse", "HEAD");
        expect(await refusal(worktree.reset(view, head, "hard"), "worktree_dirty")).toEqual(refused);
        expect(await story.status()).toEqual([" M dir/c.txt", " D w", "?? w/mine"]);
        await worktree.discard(view, ["w"], { untracked: true });
        expect(await story.status()).toEqual([" M dir/c.txt"]);
        expect(readFileSync(story.path("w"), "utf8")).toBe("1 2\n");
      });

      test("to a commit that has a file where there is a folder now, and the other way round", async () => {
        await using story = await open();
        const first = await story.git("rev-parse", "HEAD");
        await story.write({ "dir/c.txt": "", w: "" });
        rmSync(story.path("dir"), { recursive: true });
        rmSync(story.path("w"));
        await story.write({ dir: "a file\n", "w/below": "1\n" });
        if (checkout === "lazy") await story.worktree.include(story.view, ["dir/d.bin"]);
        await story.worktree.stage(story.view);
        await story.git("commit", "--quiet", "-m", "second");
        const second = await story.git("rev-parse", "HEAD");
        for (const commit of [first, second]) {
          await story.worktree.reset(story.view, commit, "hard");
          expect([await story.git("rev-parse", "HEAD"), await story.status()]).toEqual([commit, []]);
        }
        await story.write({ "w/mine": "mine\n" });
        expect(await refusal(story.worktree.reset(story.view, first, "hard"), "worktree_dirty")).toEqual({
          paths: ["w/mine"],
        });
      });

      test("to another commit", async () => {
        await using story = await open();
        const first = await story.git("rev-parse", "HEAD");
        await story.write({ "a.txt": "2\n", new: "2\n" });
        await story.worktree.stage(story.view);
        await story.git("commit", "--quiet", "-m", "second");
        const second = await story.git("rev-parse", "HEAD");
        await story.worktree.reset(story.view, first, "soft");
        expect(await story.status()).toEqual(["M  a.txt", "A  new"]);
        await story.worktree.reset(story.view, first, "mixed");
        expect(await story.status()).toEqual([" M a.txt", "?? new"]);
        expect(await refusal(story.worktree.reset(story.view, second, "hard"), "worktree_dirty")).toEqual({
          paths: ["new"],
        });
        rmSync(story.path("new"));
        await story.worktree.reset(story.view, second, "hard");
        expect([await story.git("rev-parse", "HEAD"), await story.status()]).toEqual([second, []]);
        await story.worktree.reset(story.view, first, "hard");
        expect([await story.git("rev-parse", "HEAD"), await story.status()]).toEqual([first, []]);
        expect(existsSync(story.path("new"))).toBe(false);
        const tree = await story.git("rev-parse", "HEAD^{tree}");
        expect(await refusal(story.worktree.reset(story.view, tree, "mixed"), "not_a_commit")).toEqual({ oid: tree });
        await refusal(story.worktree.reset(story.view, ABSENT, "hard"), "not_a_commit");
      });
    });
  }
}

describe("patches that are refused", () => {
  const patches: Record<string, string> = {
    ".git/config": "--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n",
    ".GIT/config": "--- /dev/null\n+++ b/.GIT/config\n@@ -0,0 +1 @@\n+x\n",
    "git~1/config": "--- /dev/null\n+++ b/git~1/config\n@@ -0,0 +1 @@\n+x\n",
    ".g\xe2\x80\x8cit/config": '--- /dev/null\n+++ "b/.g\\342\\200\\214it/config"\n@@ -0,0 +1 @@\n+x\n',
    "../out": "--- /dev/null\n+++ b/../out\n@@ -0,0 +1 @@\n+x\n",
    "link/passwd":
      "diff --git a/link b/link\nnew file mode 120000\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n" +
      "diff --git a/link/passwd b/link/passwd\nnew file mode 100644\n--- /dev/null\n+++ b/link/passwd\n@@ -0,0 +1 @@\n+x\n",
  };
  for (const to of ["index", "worktree", "both"] as const)
    test.each(Object.entries(patches))(`path %p, to ${to}`, async (path, patch) => {
      await using story = await WorktreeStory.open({ files: FILES });
      const call = story.worktree.applyPatch(story.view, Buffer.from(patch, "latin1"), { to });
      expect(await refusal(call, "invalid_path")).toEqual({ path, problem: "invalid" });
      expect(await story.status()).toEqual([]);
    });

  test.each([
    "",
    "hello\n",
    "--- a/w\n+++ b/w\n@@ -1 +1 @@\n-1 2\n",
    "@@ -1 +1 @@\n-a\n+b\n",
    "--- a/w\n+++ b/w\n@@ -1 +1 @@\n?\n",
  ])("text %p", async (patch) => {
    await using story = await WorktreeStory.open({ files: FILES });
    const call = story.worktree.applyPatch(story.view, Buffer.from(patch), { to: "index" });
    expect(await refusal(call, "invalid_input")).toMatchObject({ field: "patch" });
  });
});
