import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  commitSession,
  deleteSessionFile,
  discardChanges,
  listSessionFiles,
  openSession,
  readSessionFile,
  sessionStatus,
  stage,
  unstage,
  writeSessionFile,
} from "../../../src/operations/index.ts";
import { failure } from "../../support/read-story.ts";
import { onBothBackends, type SessionStory } from "../../support/session-story.ts";

const FILES = { "README.md": "# Demo\n", "docs/a.txt": "a\n", "docs/deep/b.txt": "b\n" };

const write = (story: SessionStory, session: string, path: string, text: string, mode?: "100755" | "120000") =>
  story.run(writeSessionFile, { session, path, content: Buffer.from(text), ...(mode && { mode }) });

async function read(story: SessionStory, session: string, path: string): Promise<string> {
  return Buffer.from((await story.run(readSessionFile, { session, path })).content).toString();
}

/** Both ways to fill a worktree. */
function onBothWorktrees(title: string, run: (story: SessionStory, session: string) => Promise<void>): void {
  for (const checkout of ["full", "lazy"] as const) {
    onBothBackends(`${title}, ${checkout}`, async (story) => {
      await story.git.commit({ files: FILES });
      const { id } = await story.run(openSession, { branch: "main", checkout });
      await run(story, id);
    });
  }
}

describe("writeSessionFile", () => {
  onBothWorktrees("writes files, scripts and links, and git commits them as such", async (story, session) => {
    await write(story, session, "docs/run.sh", "#!/bin/sh\n", "100755");
    await write(story, session, "docs/link", "a.txt", "120000");
    await write(story, session, "docs/deep/b.txt", "other\n");
    await write(story, session, "a b [c] *?\\!#", "odd\n");
    expect(await read(story, session, "docs/link")).toBe("a.txt");
    // Without a mode it stays what it was.
    await write(story, session, "docs/run.sh", "#!/bin/bash\n");
    const { commit } = await story.run(commitSession, { session, message: Buffer.from("m") });
    expect(await story.git.text(["ls-tree", "-r", "--format=%(objectmode) %(path)", commit])).toBe(
      [
        "100644 README.md",
        '100644 "a b [c] *?\\\\!#"',
        "100644 docs/a.txt",
        "100644 docs/deep/b.txt",
        "120000 docs/link",
        "100755 docs/run.sh",
      ].join("\n"),
    );
    expect(await story.inSession(session, ["status", "--porcelain"])).toBe("");
    await story.git.git(["fsck", "--strict"]);
  });

  onBothWorktrees("refuses paths that Git refuses", async (story, session) => {
    const refused = [
      "../x",
      "/etc/passwd",
      ".git/config",
      ".GIT/config",
      "a/.git/x",
      "git~1/x",
      ".g\u200cit/x",
      "a//b",
      "",
    ];
    for (const path of [...refused, ".git", "a/../b", "a\0b", ".git::$INDEX_ALLOCATION/x"]) {
      const bytes = Buffer.from(path).toString("latin1");
      await failure(write(story, session, bytes, "x"), "invalid_path");
      await failure(story.run(readSessionFile, { session, path: bytes }), "invalid_path");
      await failure(story.run(deleteSessionFile, { session, path: bytes }), "invalid_path");
    }
    expect(await story.inSession(session, ["status", "--porcelain"])).toBe("");
  });

  onBothWorktrees("refuses names and paths that no file system takes", async (story, session) => {
    for (const path of ["x".repeat(256), `docs/${"x".repeat(256)}/y`, "y/".repeat(500) + "z".repeat(2100)]) {
      for (const refused of [
        write(story, session, path, "x"),
        story.run(readSessionFile, { session, path }),
        story.run(deleteSessionFile, { session, path }),
        story.run(stage, { session, path }),
        story.run(unstage, { session, path }),
        story.run(discardChanges, { session, path }),
      ])
        expect((await failure(refused, "invalid_path")).details).toMatchObject({ problem: "too_long" });
    }
    const longest = `${"d".repeat(255)}/${"x".repeat(255)}`;
    await write(story, session, longest, "x");
    await story.run(stage, { session, path: longest });
    expect(await read(story, session, longest)).toBe("x");
  });

  onBothWorktrees("follows no link that leads out, or anywhere", async (story, session) => {
    const outside = join(story.test.directory, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "secret");
    await write(story, session, "out", outside, "120000");
    const error = await failure(write(story, session, "out/file", "x"), "path_exists");
    expect(error.details).toEqual({ path: "out", type: "file" });
    await failure(read(story, session, "out/secret"), "path_not_found");
    await failure(story.run(deleteSessionFile, { session, path: "out/secret" }), "path_not_found");
    // A link is replaced, what it points at is not.
    await write(story, session, "leads", join(outside, "secret"), "120000");
    expect(await read(story, session, "leads")).toBe(join(outside, "secret"));
    await write(story, session, "leads", "mine", "120000");
    symlinkSync(join(outside, "secret"), join(story.worktree(session), "planted"));
    await write(story, session, "planted", "x");
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    expect(existsSync(join(outside, "file"))).toBe(false);
  });

  onBothWorktrees("refuses a target that no symbolic link can have", async (story, session) => {
    await write(story, session, "longest", "x".repeat(4095), "120000");
    for (const target of ["x".repeat(4096), "", "a\0b"])
      await failure(write(story, session, "link", target, "120000"), "invalid_input");
    // It stays a link where no mode is told.
    await failure(write(story, session, "longest", ""), "invalid_input");
  });

  for (const checkout of ["full", "lazy"] as const) {
    onBothBackends(`puts nothing below a submodule, where git would never commit it, ${checkout}`, async (story) => {
      await story.git.commit({ files: FILES });
      const { id: session } = await story.run(openSession, { branch: "main", checkout });
      await story.inSession(session, ["update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},lib/module`]);
      mkdirSync(join(story.worktree(session), "lib/module"), { recursive: true });
      for (const path of ["lib/module/file", "lib/module/deep/file"]) {
        const error = await failure(write(story, session, path, "x"), "path_exists");
        expect(error.details).toEqual({ path: "lib/module", type: "submodule" });
      }
      await story.run(deleteSessionFile, { session, path: "lib/module" });
      await failure(write(story, session, "lib/module/file", "x"), "path_exists");
      await story.run(stage, { session, path: "lib/module" });
      await write(story, session, "lib/module/file", "x");
      expect(await story.inSession(session, ["status", "--porcelain", "-uall"])).toBe("?? lib/module/file");
    });
  }

  onBothWorktrees("a file and a folder do not take each other's place", async (story, session) => {
    const asFolder = await failure(write(story, session, "docs", "x"), "path_exists");
    expect(asFolder.details).toEqual({ path: "docs", type: "directory" });
    const below = await failure(write(story, session, "README.md/x", "x"), "path_exists");
    expect(below.details).toEqual({ path: "README.md", type: "file" });
  });
});

describe("readSessionFile", () => {
  onBothWorktrees("fails for what is no file", async (story, session) => {
    for (const path of ["none", "docs", "docs/none", "README.md/x"])
      await failure(read(story, session, path), "path_not_found");
  });
});

describe("deleteSessionFile", () => {
  onBothWorktrees("deletes files and folders, and git sees them deleted", async (story, session) => {
    await story.run(deleteSessionFile, { session, path: "docs/deep" });
    await story.run(deleteSessionFile, { session, path: "README.md" });
    await failure(read(story, session, "README.md"), "path_not_found");
    await failure(story.run(deleteSessionFile, { session, path: "README.md" }), "path_not_found");
    expect(await story.inSession(session, ["status", "--porcelain"])).toBe(" D README.md\n D docs/deep/b.txt");
    const { commit } = await story.run(commitSession, { session, message: Buffer.from("m") });
    expect(await story.git.text(["ls-tree", "-r", "--name-only", commit])).toBe("docs/a.txt");
  });
});

describe("deleteSessionFile of what has been written before", () => {
  onBothWorktrees("deletes it, and not what was written alone", async (story, session) => {
    await write(story, session, "README.md", "written\n");
    await story.run(deleteSessionFile, { session, path: "README.md" });
    await write(story, session, "docs/a.txt", "written\n");
    await write(story, session, "docs/new.txt", "new\n");
    await story.run(deleteSessionFile, { session, path: "docs" });
    expect((await story.run(listSessionFiles, { session })).items).toEqual([]);
    await failure(read(story, session, "README.md"), "path_not_found");
    const { items } = await story.run(sessionStatus, { session });
    expect(items.map(({ path, worktree }) => `${worktree} ${path}`)).toEqual([
      "deleted README.md",
      "deleted docs/a.txt",
      "deleted docs/deep/b.txt",
    ]);
    await write(story, session, "kept", "x");
    const { commit } = await story.run(commitSession, { session, message: Buffer.from("m") });
    expect(await story.git.text(["ls-tree", "-r", "--name-only", commit])).toBe("kept");
  });
});

describe("listSessionFiles", () => {
  onBothWorktrees("lists what is there, in pages", async (story, session) => {
    await write(story, session, "docs/new.txt", "12345");
    await story.run(deleteSessionFile, { session, path: "docs/a.txt" });
    const { items, nextCursor } = await story.run(listSessionFiles, { session });
    expect(items).toEqual([
      { path: "README.md", mode: "100644", size: 7 },
      { path: "docs/deep/b.txt", mode: "100644", size: 2 },
      { path: "docs/new.txt", mode: "100644", size: 5 },
    ]);
    expect(nextCursor).toBeNull();
    const first = await story.run(listSessionFiles, { session, path: "docs", limit: 1 });
    const second = await story.run(listSessionFiles, { session, path: "docs", limit: 1, cursor: first.nextCursor! });
    expect([...first.items, ...second.items]).toEqual(items.slice(1));
    await failure(story.run(listSessionFiles, { session, path: "none" }), "path_not_found");
  });
});

describe("listSessionFiles of a repository with a submodule", () => {
  for (const checkout of ["full", "lazy"] as const) {
    onBothBackends(`lists no submodule: it has no file here, ${checkout}`, async (story) => {
      await story.git.commit({ files: FILES });
      await story.git.git(["read-tree", "main"]);
      await story.git.git(["update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`]);
      const tree = await story.git.text(["write-tree"]);
      await story.git.git(["update-ref", "refs/heads/main", await story.git.text(["commit-tree", "-m", "m", tree])]);
      const { id: session } = await story.run(openSession, { branch: "main", checkout });
      const { items } = await story.run(listSessionFiles, { session });
      expect(items.map(({ path }) => path)).toEqual(Object.keys(FILES));
      expect((await story.run(listSessionFiles, { session, path: "module" })).items).toEqual([]);
    });
  }
});

describe("listSessionFiles, page after page", () => {
  onBothWorktrees("tells every file once, in the order of paths", async (story, session) => {
    const names = [
      "a/x",
      "a.txt",
      "a-b",
      "a/x.y/z",
      "a/x-/z",
      "aa/b",
      "b/a/c",
      "b/a.c",
      "docs.txt",
      "docs-/x",
      "z\xff",
    ];
    for (const name of names) await write(story, session, name, "1");
    const all = [...names, "README.md", "docs/a.txt", "docs/deep/b.txt"].toSorted();
    for (const limit of [1, 2, 3, 100]) {
      const found: string[] = [];
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const more = cursor === undefined ? {} : { cursor };
        const page = await story.run(listSessionFiles, { session, limit, ...more });
        found.push(...page.items.map(({ path }) => path));
        cursor = page.nextCursor;
      }
      expect([limit, found]).toEqual([limit, all]);
    }
  });
});

describe("sessionStatus", () => {
  onBothWorktrees("tells changes in pages", async (story, session) => {
    expect(await story.run(sessionStatus, { session })).toMatchObject({ isClean: true, items: [], nextCursor: null });
    for (const path of ["b", "a", "docs/a.txt"]) await write(story, session, path, "x");
    const first = await story.run(sessionStatus, { session, limit: 2 });
    expect(first.items.map(({ path, worktree }) => `${worktree} ${path}`)).toEqual(["untracked a", "untracked b"]);
    const second = await story.run(sessionStatus, { session, limit: 2, cursor: first.nextCursor! });
    expect(second.items.map(({ path, worktree }) => `${worktree} ${path}`)).toEqual(["modified docs/a.txt"]);
    expect([first.isClean, second.nextCursor]).toEqual([false, null]);
  });
});
