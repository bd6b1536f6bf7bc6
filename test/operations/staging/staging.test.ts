import { describe, expect, test } from "bun:test";
import {
  commitSession,
  deleteSessionFile,
  discardChanges,
  listStaged,
  openSession,
  readSessionFile,
  resetSession,
  showStagedDiff,
  showWorktreeDiff,
  stage,
  stagePatch,
  unstage,
  writeSessionFile,
} from "../../../src/operations/index.ts";
import { failure } from "../../support/read-story.ts";
import { onBothBackends, SessionStory } from "../../support/session-story.ts";

const LINES = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join("");
const FILES = { "README.md": LINES, "docs/a.txt": "a\n", "docs/deep/b.txt": "b\n" };
const bytes = (text: string) => Buffer.from(text, "latin1");

/** Opens a session on `main`, with changes at two places of the first file, in another one, and in a new one. */
async function changedSession(story: SessionStory, checkout: "full" | "lazy" = "lazy"): Promise<string> {
  await story.git.commit({ files: FILES });
  const { id } = await story.run(openSession, { branch: "main", checkout });
  const changed = {
    "README.md": LINES.replace("line 3\n", "LINE 3\n").replace("line 20\n", ""),
    "docs/a.txt": "A\n",
    new: "n\n",
  };
  for (const [path, content] of Object.entries(changed))
    await story.run(writeSessionFile, { session: id, path, content: bytes(content) });
  return id;
}

const status = async (story: SessionStory, id: string): Promise<string[]> =>
  (await story.inSession(id, ["status", "--porcelain", "--untracked-files=all"])).split("\n").filter(Boolean);

describe("stage", () => {
  for (const checkout of ["full", "lazy"] as const) {
    onBothBackends(`stages files, folders and what was deleted, of a ${checkout} session`, async (story) => {
      const session = await changedSession(story, checkout);
      expect(await story.run(stage, { session, path: "docs" })).toEqual({ path: "docs" });
      await story.run(stage, { session, path: "new" });
      await story.run(deleteSessionFile, { session, path: "docs/deep/b.txt" });
      await story.run(stage, { session, path: "docs/deep/b.txt" });
      expect(await status(story, session)).toEqual([" M README.md", "M  docs/a.txt", "D  docs/deep/b.txt", "A  new"]);
      await failure(story.run(stage, { session, path: "none" }), "path_not_found");
    });
  }

  onBothBackends("stages what a patch does at a path", async (story) => {
    const session = await changedSession(story);
    const { patch } = await story.run(showWorktreeDiff, { session, format: "patch" });
    await story.run(stage, { session, path: "docs", patch: patch! });
    expect(await status(story, session)).toEqual([" M README.md", "M  docs/a.txt", "?? new"]);
    const text = Buffer.from(patch!).toString("latin1");
    const first = text.slice(0, text.indexOf("\n@@ ", text.indexOf("\n@@ ") + 1) + 1);
    await story.run(stage, { session, path: "README.md", patch: bytes(first) });
    expect(await story.inSession(session, ["diff", "--cached", "--numstat", "README.md"])).toBe("1\t1\tREADME.md");
    const other = await failure(story.run(stage, { session, path: "new", patch: patch! }), "invalid_input");
    expect(other.details).toEqual({ field: "patch", problem: "it changes nothing at this path" });
    const moved = "diff --git a/docs/a.txt b/b.txt\nsimilarity index 100%\nrename from docs/a.txt\nrename to b.txt\n";
    await failure(story.run(stage, { session, path: "docs", patch: bytes(moved) }), "invalid_input");
  });

  onBothBackends("refuses paths that have no place in a repository", async (story) => {
    const session = await changedSession(story);
    const refused = [
      "",
      "/README.md",
      "../README.md",
      "docs/../README.md",
      ".git/config",
      "a/.GIT/x",
      "git~1/x",
      "a\0b",
    ];
    for (const path of [...refused, ".g\xe2\x80\x8cit/x"]) {
      await failure(story.run(stage, { session, path }), "invalid_path");
      await failure(story.run(discardChanges, { session, path }), "invalid_path");
      await failure(story.run(unstage, { session, path }), "invalid_path");
      await failure(story.run(showStagedDiff, { session, paths: [path] }), "invalid_path");
      const patch = bytes(`--- /dev/null\n+++ "b/${path.replace("\0", "\\000")}"\n@@ -0,0 +1 @@\n+x\n`);
      if (path !== "") await failure(story.run(stagePatch, { session, patch }), "invalid_path");
    }
    expect(await story.inSession(session, ["diff", "--cached", "--name-only"])).toBe("");
  });
});

describe("stagePatch", () => {
  onBothBackends("stages all of a patch or nothing, and says which hunk does not apply", async (story) => {
    const session = await changedSession(story);
    const good = "--- a/docs/a.txt\n+++ b/docs/a.txt\n@@ -1 +1 @@\n-a\n+patched\n";
    const hunk = "@@ -2,3 +2,3 @@\n line 1\n-no such line\n+x\n line 3\n";
    const bad = bytes(`${good}--- a/README.md\n+++ b/README.md\n${hunk}`);
    const refused = await failure(story.run(stagePatch, { session, patch: bad }), "patch_not_applicable");
    expect(refused.details).toEqual({ path: "README.md", hunk: bytes(hunk) });
    expect(await story.inSession(session, ["diff", "--cached", "--name-only"])).toBe("");
    expect(await story.run(stagePatch, { session, patch: bytes(good) })).toEqual({ paths: ["docs/a.txt"] });
    expect(await story.inSession(session, ["cat-file", "blob", ":docs/a.txt"])).toBe("patched");
    // The worktree has what was written.
    const read = await story.run(readSessionFile, { session, path: "docs/a.txt" });
    expect(Buffer.from(read.content).toString()).toBe("A\n");
    await failure(story.run(stagePatch, { session, patch: bytes("no patch") }), "invalid_input");
  });

  test("a patch over the limit is refused", async () => {
    const story = await SessionStory.open({ blobBytesMax: 100 });
    try {
      const session = (await story.run(openSession, {})).id;
      const patch = bytes(`--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+${"x".repeat(100)}\n`);
      const refused = await failure(story.run(stagePatch, { session, patch }), "too_large");
      expect(refused.details).toEqual({ what: "patch", sizeBytes: patch.length, limitBytes: 100 });
    } finally {
      await story.close();
    }
  });
});

describe("listStaged", () => {
  onBothBackends("lists what is staged, in pages", async (story) => {
    const session = await changedSession(story);
    expect(await story.run(listStaged, { session })).toEqual({ items: [], nextCursor: null });
    await story.run(stage, { session, path: "docs" });
    await story.run(stage, { session, path: "new" });
    const first = await story.run(listStaged, { session, limit: 1 });
    expect(first.items).toEqual([{ path: "docs/a.txt", change: "modified" }]);
    const second = await story.run(listStaged, { session, limit: 1, cursor: first.nextCursor! });
    expect(second).toEqual({ items: [{ path: "new", change: "added" }], nextCursor: null });
    await failure(story.run(listStaged, { session }, story.bob), "session_not_found");
  });

  onBothBackends("is of the caller's own default session where none is named", async (story) => {
    await story.git.commit({ files: FILES });
    await story.run(stagePatch, { patch: bytes("--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n") });
    expect((await story.run(listStaged, {})).items).toEqual([{ path: "new", change: "added" }]);
    expect((await story.run(listStaged, {}, story.bob)).items).toEqual([]);
    await failure(story.run(listStaged, {}, { kind: "anonymous" } as never), "unauthenticated");
  });
});

describe("unstage", () => {
  onBothBackends("takes a path out, or everything", async (story) => {
    const session = await changedSession(story);
    for (const path of ["docs", "new"]) await story.run(stage, { session, path });
    expect(await story.run(unstage, { session, path: "docs/a.txt" })).toEqual({ path: "docs/a.txt" });
    expect(await status(story, session)).toEqual([" M README.md", " M docs/a.txt", "A  new"]);
    expect(await story.run(unstage, { session })).toEqual({ path: null });
    expect(await status(story, session)).toEqual([" M README.md", " M docs/a.txt", "?? new"]);
    await failure(story.run(unstage, { session, path: "none" }), "path_not_found");
  });
});

describe("discardChanges", () => {
  onBothBackends("sets files back, and removes new ones where that is asked for", async (story) => {
    const session = await changedSession(story);
    await story.run(stage, { session, path: "docs/a.txt" });
    expect(await story.run(discardChanges, { session, path: "README.md" })).toEqual({ path: "README.md" });
    expect(await status(story, session)).toEqual(["M  docs/a.txt", "?? new"]);
    await story.run(discardChanges, { session });
    expect(await status(story, session)).toEqual(["M  docs/a.txt", "?? new"]);
    await story.run(discardChanges, { session, untracked: true });
    expect(await status(story, session)).toEqual(["M  docs/a.txt"]);
    await failure(story.run(discardChanges, { session, path: "new" }), "path_not_found");
  });
});

describe("showWorktreeDiff", () => {
  onBothBackends("shows what git diff shows", async (story) => {
    const session = await changedSession(story);
    const { patch } = await story.run(showWorktreeDiff, { session, format: "patch" });
    expect(Buffer.from(patch!).toString()).toBe(`${await story.inSession(session, ["diff", "--full-index"])}\n`);
    const json = await story.run(showWorktreeDiff, { session, paths: ["docs"] });
    expect(json.files).toHaveLength(1);
    expect(json.files[0]).toMatchObject({ status: "modified", path: "docs/a.txt", additions: 1, deletions: 1 });
    expect(json.files[0]!.newOid).toBe(await story.inSession(session, ["hash-object", "docs/a.txt"]));
    const stat = await story.run(showWorktreeDiff, { session, format: "stat" });
    expect([stat.additions, stat.deletions]).toEqual([2, 3]);
  });
});

describe("showStagedDiff", () => {
  onBothBackends("shows what git diff --cached shows", async (story) => {
    const session = await changedSession(story);
    for (const path of ["README.md", "new"]) await story.run(stage, { session, path });
    const { patch, etag } = await story.run(showStagedDiff, { session, format: "patch", contextLines: 1 });
    expect(Buffer.from(patch!).toString()).toBe(
      `${await story.inSession(session, ["diff", "--cached", "--full-index", "-U1"])}\n`,
    );
    expect(etag).toBe(new Bun.CryptoHasher("sha256").update(patch!).digest("hex"));
  });
});

describe("resetSession", () => {
  onBothBackends("moves head, index and files as far as it is asked to", async (story) => {
    const session = await changedSession(story);
    const first = await story.git.text(["rev-parse", "main"]);
    const second = (await story.run(commitSession, { session, message: bytes("second") })).commit;
    expect(await story.run(resetSession, { session, mode: "soft", rev: "HEAD~1" })).toEqual({
      commit: first,
      previous: second,
    });
    expect(await status(story, session)).toEqual(["M  README.md", "M  docs/a.txt", "A  new"]);
    await story.run(resetSession, { session, mode: "mixed" });
    expect(await status(story, session)).toEqual([" M README.md", " M docs/a.txt", "?? new"]);
    const refused = await failure(story.run(resetSession, { session, mode: "hard", rev: second }), "worktree_dirty");
    expect(refused.details).toEqual({ paths: ["new"] });
    await story.run(discardChanges, { session, untracked: true });
    await story.run(resetSession, { session, mode: "hard", rev: second });
    expect(await status(story, session)).toEqual([]);
    expect(await story.git.text(["rev-parse", `refs/holdfast/sessions/${session}/head`])).toBe(second);
    await story.run(resetSession, { session, mode: "hard", rev: "main" });
    expect([await status(story, session), await story.inSession(session, ["rev-parse", "HEAD"])]).toEqual([[], first]);
    await failure(story.run(resetSession, { session, mode: "hard", rev: "none" }), "revision_not_found");
    await story.git.git(["fsck", "--strict"]);
  });
});
