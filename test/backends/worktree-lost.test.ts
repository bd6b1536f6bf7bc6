// What a power cut leaves of files that were written and not flushed.
import { describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createLibgit2Backend } from "../../src/backend/libgit2/libgit2-backend.ts";
import { loadAddon } from "../../src/backend/libgit2/addon.ts";
import { WorktreeStory } from "../support/worktree-story.ts";

const FILES = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`dir${i % 3}/deep/f${i}`, `content ${i}\n`]));

/** Zeros in place of what was written: size and times are as git has noted them. */
function zero(path: string): void {
  const { size, atime, mtime } = lstatSync(path);
  writeFileSync(path, Buffer.alloc(size));
  utimesSync(path, atime, mtime);
}

/** As the disk has them that was told of a file and not of what is in it: its time is that of its making. */
function cut(path: string, size: number): void {
  const { atime, mtime } = lstatSync(path);
  truncateSync(path, size);
  utimesSync(path, atime, mtime);
}

for (const objectFormat of ["sha1", "sha256"] as const) {
  describe(`files that a power cut has taken, ${objectFormat}`, () => {
    test("are made again from the index, and nothing that somebody has written since", async () => {
      await using story = await WorktreeStory.open({
        files: { ...FILES, ".gitattributes": "crlf eol=crlf\n", crlf: "a\nb\n" },
        objectFormat,
      });
      symlinkSync("target", story.path("link"));
      await story.git("add", "link");
      const filledAtMs = Date.now();
      const later = new Date(filledAtMs + 5000);
      rmSync(story.path("dir0"), { recursive: true });
      rmSync(story.path("link"));
      rmSync(story.path("crlf"));
      cut(story.path("dir1/deep/f1"), 0);
      cut(story.path("dir1/deep/f4"), 3);
      zero(story.path("dir1/deep/f7"));
      // Of somebody: later than the checkout.
      for (const [path, content] of [
        ["dir2/deep/f2", "mine\n"],
        ["dir2/deep/f5", ""],
        ["new", "new\n"],
      ] as const) {
        writeFileSync(story.path(path), content);
        utimesSync(story.path(path), later, later);
      }
      const lost = await story.worktree.restoreLost(story.view, filledAtMs);
      const first = Object.keys(FILES).filter((path) => path.startsWith("dir0/"));
      expect(lost.toSorted()).toEqual(
        [...first, "crlf", "dir1/deep/f1", "dir1/deep/f4", "dir1/deep/f7", "link"].toSorted(),
      );
      expect(await story.status()).toEqual([" M dir2/deep/f2", " M dir2/deep/f5", "A  link", "?? new"]);
      for (const path of [...first, "dir1/deep/f1", "dir1/deep/f7"])
        expect(readFileSync(story.path(path), "utf8")).toBe(FILES[path]!);
      expect(readFileSync(story.path("crlf"), "utf8")).toBe("a\r\nb\r\n");
      expect(readlinkSync(story.path("link"))).toBe("target");
      expect(readFileSync(story.path("dir2/deep/f5"), "utf8")).toBe("");
    });

    test("stay away where a file stands in the place of their folder", async () => {
      await using story = await WorktreeStory.open({ files: FILES, objectFormat });
      rmSync(story.path("dir0"), { recursive: true });
      writeFileSync(story.path("dir0"), "somebody's\n");
      expect(await story.worktree.restoreLost(story.view, Date.now())).toEqual([]);
      expect(readFileSync(story.path("dir0"), "utf8")).toBe("somebody's\n");
    });
  });
}

test("a worktree is flushed by both backends, whatever stands in it", async () => {
  await using story = await WorktreeStory.open({ files: FILES });
  symlinkSync("nowhere", story.path("link"));
  writeFileSync(Buffer.concat([Buffer.from(`${story.path("dir0")}/`), Buffer.from([0xff, 0x0a])]), "not UTF-8");
  await story.worktree.flush(story.view);
  const libgit2 = createLibgit2Backend(loadAddon());
  await libgit2.worktree.flush(story.view);
  await libgit2.close();
  expect(existsSync(story.path("dir0"))).toBe(true);
});
