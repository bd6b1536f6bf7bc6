// Plain git holds a lock of the session's git directory, each of those that a change takes.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OperationError } from "../../src/domain/errors.ts";
import { REASONS } from "../../src/domain/reasons.ts";
import { WorktreeStory } from "../support/worktree-story.ts";

const FILES = { a: "a\n", "dir/b": "b\n", c: "c\n" };
const committer = Buffer.from("Jane <j@example.com> 1700000000 +0000");
const PATCH = Buffer.from("--- a/c\n+++ b/c\n@@ -1 +1 @@\n-c\n+patched\n");

type Change = (story: WorktreeStory) => Promise<unknown>;

const stashOf = (story: WorktreeStory) => story.git("rev-parse", "stash@{0}");

const CHANGES: Record<string, Change> = {
  "stage everything": ({ worktree, view }) => worktree.stage(view),
  "stage a path": ({ worktree, view }) => worktree.stage(view, ["a", "new"]),
  unstage: ({ worktree, view }) => worktree.unstage(view, ["dir"]),
  applyPatch: ({ worktree, view }) => worktree.applyPatch(view, PATCH, { to: "index" }),
  discard: ({ worktree, view }) => worktree.discard(view, undefined, { untracked: true }),
  "reset --mixed": async (story) => story.worktree.reset(story.view, await story.git("rev-parse", "HEAD"), "mixed"),
  "reset --hard": async (story) => story.worktree.reset(story.view, await story.git("rev-parse", "HEAD"), "hard"),
  stashSave: ({ worktree, view }) => worktree.stashSave(view, { includeUntracked: true, committer }),
  stashApply: async (story) => story.worktree.stashApply(story.view, await stashOf(story), { index: true }),
  stashDrop: async (story) => story.worktree.stashDrop(story.view, await stashOf(story)),
};

const LOCKS = ["index", "HEAD", "refs/heads/main", "refs/stash"] as const;

/** Everything that somebody could lose. */
async function contentOf(story: WorktreeStory): Promise<unknown> {
  const files = ["a", "dir/b", "c", "new"].map((name) =>
    existsSync(story.path(name)) ? readFileSync(story.path(name), "utf8") : undefined,
  );
  const told = [
    ["ls-files", "--stage"],
    ["rev-parse", "HEAD"],
    ["stash", "list"],
  ].map((args) => story.git(...args));
  return [files, ...(await Promise.all(told))];
}

async function reasonOf(call: Promise<unknown>): Promise<OperationError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof OperationError) return error;
    throw error;
  }
}

describe("what plain git has locked is told as a conflict to try again, and nothing has happened", () => {
  for (const checkout of ["full", "lazy"] as const)
    test.each(LOCKS)(`%s.lock, ${checkout}`, async (name) => {
      for (const [title, change] of Object.entries(CHANGES)) {
        await using story = await WorktreeStory.open({ files: FILES, checkout });
        await story.write({ c: "put away\n" });
        await story.worktree.stashSave(story.view, { includeUntracked: false, committer });
        await story.write({ a: "changed\n", "dir/b": "staged\n", new: "new\n" });
        await story.worktree.stage(story.view, ["dir/b"]);
        const before = await contentOf(story);
        const lock = join(story.view.gitDir, `${name}.lock`);
        writeFileSync(lock, "");
        const refused = await reasonOf(change(story));
        expect(existsSync(lock)).toBe(true);
        if (refused === undefined) {
          // It needs none of what is locked.
          if (name === "index") expect(title).toBe("stashDrop");
        } else {
          expect([title, refused.reason]).toEqual([title, name === "index" ? "index_locked" : "references_locked"]);
          expect(REASONS[refused.reason]).toMatchObject({ httpStatus: 409, retry: "retry" });
          expect(await contentOf(story)).toEqual(before);
        }
        rmSync(lock);
        if (refused !== undefined) await change(story);
      }
    });
});
