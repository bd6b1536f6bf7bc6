import { describe, expect } from "bun:test";
import {
  commitWorktree,
  deleteWorktreeFile,
  listSessions,
  listWorktreeFiles,
  openSession,
  readSessionFile,
  readWorktreeFile,
  stage,
  worktreeStatus,
  writeWorktreeFile,
} from "../../../src/operations/index.ts";
import { failure } from "../../support/read-story.ts";
import { onBothBackends, type SessionStory } from "../../support/session-story.ts";

const FILES = { "README.md": "# Demo\n", "docs/a.txt": "a\n" };
const write = (story: SessionStory, path: string, session?: string) =>
  story.run(writeWorktreeFile, { path, content: Buffer.from("new\n"), ...(session !== undefined && { session }) });

describe("writeWorktreeFile", () => {
  onBothBackends(
    "writes into the caller's default session, made when first needed, or into one that is named",
    async (story) => {
      await story.git.commit({ files: FILES });
      expect(await write(story, "one")).toEqual({
        path: "one",
        mode: "100644",
        size: 4,
        oid: "3e757656cf36eca53338e520d134963a44f793f8",
      });
      const items = (await Array.fromAsync(story.run(listSessions, {}))).flat();
      expect(items.map(({ isDefault, branch }) => [isDefault, branch])).toEqual([[true, "main"]]);
      const { id } = await story.run(openSession, { branch: "other" });
      await write(story, "two", id);
      expect((await story.run(readSessionFile, { session: id, path: "two" })).size).toBe(4);
      await failure(story.run(readWorktreeFile, { path: "two" }), "path_not_found");
      await failure(
        story.run(writeWorktreeFile, { session: id, path: "x", content: Buffer.from("") }, story.bob),
        "session_not_found",
      );
      await failure(write(story, ".git/hooks/post-commit"), "invalid_path");
    },
  );
});

describe("readWorktreeFile", () => {
  onBothBackends("reads what was written, or what the head has", async (story) => {
    await story.git.commit({ files: FILES });
    const read = await story.run(readWorktreeFile, { path: "docs/a.txt" });
    expect(Buffer.from(read.content).toString()).toBe("a\n");
    await write(story, "docs/a.txt");
    expect(Buffer.from((await story.run(readWorktreeFile, { path: "docs/a.txt" })).content).toString()).toBe("new\n");
  });
});

describe("deleteWorktreeFile", () => {
  onBothBackends("deletes, which status tells", async (story) => {
    await story.git.commit({ files: FILES });
    expect(await story.run(deleteWorktreeFile, { path: "docs" })).toEqual({});
    expect((await story.run(worktreeStatus, {})).items).toEqual([
      { path: "docs/a.txt", index: "unmodified", worktree: "deleted" },
    ]);
    await failure(story.run(deleteWorktreeFile, { path: "docs" }), "path_not_found");
  });
});

describe("worktreeStatus", () => {
  onBothBackends("tells what is staged and what is not, to the owner alone", async (story) => {
    await story.git.commit({ files: FILES });
    await write(story, "README.md");
    await write(story, "new");
    await story.run(stage, { path: "README.md" });
    expect((await story.run(worktreeStatus, {})).items).toEqual([
      { path: "README.md", index: "modified", worktree: "unmodified" },
      { path: "new", index: "untracked", worktree: "untracked" },
    ]);
    expect(await story.run(worktreeStatus, {}, story.bob)).toMatchObject({ isClean: true, items: [] });
  });
});

describe("listWorktreeFiles", () => {
  onBothBackends("lists files that are there, and such as only the index has", async (story) => {
    await story.git.commit({ files: FILES });
    await write(story, "docs/new");
    const { items } = await story.run(listWorktreeFiles, { path: "docs" });
    expect(items.map(({ path }) => path)).toEqual(["docs/a.txt", "docs/new"]);
  });
});

describe("commitWorktree", () => {
  onBothBackends("commits what is staged, and leaves the rest", async (story) => {
    const parent = await story.git.commit({ files: FILES });
    await write(story, "README.md");
    await write(story, "new");
    await story.run(stage, { path: "new" });
    const made = await story.run(commitWorktree, { message: Buffer.from("one") });
    expect(made.parent).toBe(parent);
    expect(await story.git.text(["diff", "--name-status", parent, made.commit])).toBe("A\tnew");
    expect((await story.run(worktreeStatus, {})).items.map(({ path }) => path)).toEqual(["README.md"]);
    await story.git.git(["fsck", "--strict"]);
  });
});
