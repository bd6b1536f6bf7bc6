// Git is killed in each of the runs that a change of a worktree is made of.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createShellBackend } from "../../src/backend/shell/shell-backend.ts";
import type { WorktreeFacet } from "../../src/backend/worktree-facet.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { refusal, WorktreeStory } from "../support/worktree-story.ts";

const FILES = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`dir${i % 5}/f${i}`, `${i}\n`]));
const MINE = "mine, and nobody else's\n";
const committer = Buffer.from("Jane <j@example.com> 1700000000 +0000");
const PATCH = Buffer.from("--- a/dir1/f1\n+++ b/dir1/f1\n@@ -1 +1 @@\n-1\n+patched\n");
/** Runs that an operation has at most. */
const RUNS_MAX = 20;
/** Git has locked the index by then, on a machine that does other things. */
const LOCKED_WITHIN_MS = 20_000;

type Change = (worktree: WorktreeFacet, story: WorktreeStory) => Promise<unknown>;

const CHANGES: Record<string, Change> = {
  stage: (worktree, { view }) => worktree.stage(view),
  "stage a path": (worktree, { view }) => worktree.stage(view, ["dir0", "new"]),
  unstage: (worktree, { view }) => worktree.unstage(view, ["dir2"]),
  applyPatch: (worktree, { view }) => worktree.applyPatch(view, PATCH, { to: "index" }),
  discard: (worktree, { view }) => worktree.discard(view, ["dir3"], { untracked: false }),
  reset: async (worktree, story) => worktree.reset(story.view, await story.git("rev-parse", "HEAD"), "mixed"),
  stashSave: (worktree, { view }) => worktree.stashSave(view, { includeUntracked: true, committer }),
};

/** Runs a change on a new worktree, and kills the Nth git that it starts; tells whether there was one. */
async function killed(change: Change, nth: number, how: "SIGKILL" | "cancel"): Promise<boolean> {
  await using story = await WorktreeStory.open({ files: FILES });
  await story.write({ "dir0/f0": MINE, "dir2/f2": "staged\n", "dir3/f3": "to be discarded\n", new: MINE });
  await story.git("add", "dir2/f2");
  const controller = new AbortController();
  let started = 0;
  const backend = createShellBackend({
    onChild: (event) => {
      if (event.kind !== "started" || event.command === "cat-file" || ++started !== nth) return;
      if (how === "cancel") controller.abort();
      else process.kill(-event.pid, "SIGKILL");
    },
  });
  const view = { ...story.view, signal: controller.signal };
  try {
    await change(backend.worktree, { ...story, view, git: story.git.bind(story) } as WorktreeStory);
  } catch (error) {
    // Whatever is told, it is told; a success may be one, where git was faster.
    expect(error).toBeInstanceOf(OperationError);
  } finally {
    await backend.close();
  }
  const files = readdirSync(story.view.gitDir, { recursive: true, encoding: "utf8" });
  expect(files.filter((name) => name.endsWith(".lock"))).toEqual([]);
  await story.git("status", "--porcelain");
  await story.git("fsck", "--strict");
  expect(await stillThere(story, "dir0/f0")).toBe(true);
  expect(await stillThere(story, "new", "^3")).toBe(true);
  // The next change finds nothing in its way.
  await story.worktree.stage(story.view);
  return started >= nth;
}

/** Is what was written in the worktree, or else in a stash? */
async function stillThere(story: WorktreeStory, path: string, parent = ""): Promise<boolean> {
  if (existsSync(story.path(path)) && readFileSync(story.path(path), "utf8") === MINE) return true;
  return `${await story.git("cat-file", "blob", `stash@{0}${parent}:${path}`)}\n` === MINE;
}

describe("a change of a worktree whose git is killed leaves it usable, and loses nothing", () => {
  for (const how of ["SIGKILL", "cancel"] as const)
    test.each(Object.keys(CHANGES))(`%s, ${how}`, async (name) => {
      let nth = 1;
      while (await killed(CHANGES[name]!, nth, how)) nth++;
      expect(nth).toBeGreaterThan(1);
      expect(nth).toBeLessThan(RUNS_MAX);
    });
});

test("a git that is killed while it holds the index leaves no lock", async () => {
  await using story = await WorktreeStory.open({ files: FILES });
  // Git locks the index first, and then reads all of them.
  await story.write(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`big${i}`, `${i}`.repeat(1_000_000)])));
  const lock = join(story.view.gitDir, "index.lock");
  let wasLocked = false;
  const backend = createShellBackend({
    onChild: (event) => {
      if (event.kind !== "started") return;
      const endsAtMs = performance.now() + LOCKED_WITHIN_MS;
      // Nobody tells when it is locked; the loop keeps everything else out, and so the end of the child.
      while (!(wasLocked = existsSync(lock)) && performance.now() < endsAtMs);
      process.kill(-event.pid, "SIGKILL");
    },
  });
  try {
    await refusal(backend.worktree.stage(story.view), "git_failed");
  } finally {
    await backend.close();
  }
  expect([wasLocked, existsSync(lock)]).toEqual([true, false]);
  expect(await story.git("diff", "--cached", "--name-only")).toBe("");
  await story.worktree.stage(story.view, ["big0"]);
});
