import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { FilePatch } from "../../../src/domain/diff.ts";
import { collectDiff } from "../../../src/operations/diffs/show-diff.ts";
import { getDiff, showDiff } from "../../../src/operations/index.ts";
import { failure, onEveryBackend, type ReadStory } from "../../support/read-story.ts";

const numbered = (count: number, changed: number) =>
  Array.from({ length: count }, (_, i) => (i === changed ? `changed ${i}\n` : `line ${i}\n`)).join("");

/** Two commits with a change of every kind between them. */
async function changed(story: ReadStory) {
  const fast = (commit: string, files: string) =>
    story.git.git(["fast-import", "--quiet", "--force"], {
      input: Buffer.from(
        `commit refs/heads/${commit}\ncommitter A <a@b> 1700000000 +0000\ndata 1\nm\n${files}`,
        "latin1",
      ),
    });
  const put = (mode: string, path: string, content: string) =>
    `M ${mode} inline ${path}\ndata ${content.length}\n${content}\n`;
  const long = numbered(60, -1);
  const common = put("100644", "same", "x\n");
  await fast(
    "before",
    common +
      put("100644", "modified", numbered(40, -1)) +
      put("100644", "deleted", "gone\n") +
      put("100644", "moved/from", long) +
      put("100644", "mode", "m\n") +
      put("100644", "type", "a file\n") +
      put("100644", "binary", "\0a") +
      put("100644", '"sp\\303\\244 ce"', "1\n") +
      put("100644", "no-end", "end"),
  );
  await fast(
    "after",
    common +
      put("100644", "modified", numbered(40, 20)) +
      put("100644", "added", "new\n") +
      put("100644", "moved/to", `${long}more\n`) +
      put("100755", "mode", "m\n") +
      put("120000", "type", "a link") +
      put("100644", "binary", "\0b") +
      put("100644", "empty", "") +
      put("100644", '"sp\\303\\244 ce"', "2\n") +
      put("100644", "no-end", "other end"),
  );
}

describe("showDiff", () => {
  onEveryBackend("is limited by names, not by patterns of git", async (story) => {
    const files = (text: string) => ({ "a.txt": text, ":colon": text, "st*ar": text, stxxar: text, "d/e": text });
    await story.git.commit({ files: files("1\n") });
    await story.git.commit({ files: files("2\n") });
    const range = { from: "main~1", to: "main", format: "stat" } as const;
    const pathsIn = async (...paths: string[]) =>
      (await story.run(showDiff, { ...range, paths })).files.map(({ path }) => path);
    expect(await pathsIn("st*ar")).toEqual(["st*ar"]);
    expect(await pathsIn(":colon", "d/")).toEqual([":colon", "d/e"]);
    for (const none of ["*.txt", ":(glob)*", ":!a.txt", "--stat"]) expect(await pathsIn(none)).toEqual([]);
    for (const refused of ["", "..", "/a.txt", ".git/config", "a//b"])
      await failure(story.run(showDiff, { ...range, paths: [refused] }), "invalid_path");
    const { id } = await story.run(showDiff, { ...range, paths: ["st*ar"] });
    expect((await story.run(getDiff, { id })).files.map(({ path }) => path)).toEqual(["st*ar"]);
    const forged = JSON.parse(Buffer.from(id, "base64url").toString()) as object;
    const bad = Buffer.from(JSON.stringify({ ...forged, paths: [".."] })).toString("base64url");
    await failure(story.run(getDiff, { id: bad }), "diff_not_found");
  });

  onEveryBackend("prints what git diff prints", async (story) => {
    await changed(story);
    const range = { from: "before", to: "after" };
    for (const [more, args] of [
      [{}, []],
      [{ contextLines: 0 }, ["-U0"]],
      [{ contextLines: 25, paths: ["modified", "moved"] }, ["-U25"]],
      [{ renameThreshold: 100 }, ["-M100%"]],
      [{ whitespace: "ignore-all" }, ["-w"]],
    ] as const) {
      const paths = "paths" in more ? ["--", ...more.paths] : [];
      const printed = await story.git.git(["diff", "--full-index", ...args, "before", "after", ...paths]);
      const diff = await story.run(showDiff, { ...range, ...more, format: "patch" } as never);
      expect(Buffer.from(diff.patch!).toString("latin1")).toBe(printed.toString("latin1"));
      expect(diff.etag).toBe(createHash("sha256").update(printed).digest("hex"));
      const stat = await story.git.text(["diff", "--shortstat", ...args, "before", "after", ...paths]);
      const [, additions] = /(\d+) insertion/.exec(stat) ?? [];
      expect(diff.additions).toBe(Number(additions));
    }
    const reversed = await story.run(showDiff, { from: "after", to: "before", format: "patch" });
    const printed = await story.git.git(["diff", "--full-index", "after", "before"]);
    expect(Buffer.from(reversed.patch!).equals(printed)).toBe(true);
  });

  onEveryBackend("tells file by file, or counts alone", async (story) => {
    await changed(story);
    const { files } = await story.run(showDiff, { from: "before", to: "after" });
    expect(
      Object.fromEntries(files.map(({ path, status }) => [Buffer.from(path, "latin1").toString(), status])),
    ).toEqual({
      added: "added",
      binary: "modified",
      deleted: "deleted",
      empty: "added",
      mode: "modified",
      modified: "modified",
      "moved/to": "renamed",
      "no-end": "modified",
      "spä ce": "modified",
      type: "type-changed",
    });
    const moved = files.find(({ path }) => path === "moved/to")!;
    expect(moved).toMatchObject({ oldPath: "moved/from", additions: 1, deletions: 0 });
    expect(Buffer.from(moved.hunks!).toString()).toStartWith("@@ ");
    const stat = await story.run(showDiff, { from: "before", to: "after", format: "stat" });
    expect(stat.files.every((file) => file.hunks === undefined)).toBe(true);
  });

  onEveryBackend("fails for what is not there", async (story) => {
    await story.git.commit({ files: { a: "x" } });
    const { details } = await failure(story.run(showDiff, { from: "main", to: "none" }), "revision_not_found");
    expect(details).toEqual({ revision: "none", field: "to" });
  });
});

describe("getDiff", () => {
  onEveryBackend("gives the same diff again by its id, wherever branches go", async (story) => {
    await changed(story);
    const shown = await story.run(showDiff, { from: "before", to: "after", format: "patch", contextLines: 1 });
    await story.git.git(["update-ref", "-d", "refs/heads/before"]);
    expect(await story.run(getDiff, { id: shown.id, format: "patch" })).toEqual(shown);
    expect((await story.run(getDiff, { id: shown.id })).etag).toBe(shown.etag);
    const other = Buffer.from(JSON.stringify({ from: "0".repeat(40), to: "main" })).toString("base64url");
    for (const id of ["none", "", other]) await failure(story.run(getDiff, { id }), "diff_not_found");
  });
});

describe("a diff of more than memory should hold", () => {
  const line = `+${"x".repeat(1022)}\n`;
  const patch = Buffer.from(`@@ -0,0 +1,22528 @@\n${line.repeat(22 * 1024)}`);
  const file = {
    status: "added",
    oldOid: "0".repeat(40),
    newOid: "1".repeat(40),
    oldMode: 0,
    newMode: 0o100644,
  } as const;
  async function* patches(): AsyncGenerator<FilePatch> {
    for (const path of ["a", "b", "c"]) yield { ...file, oldPath: path, newPath: path, score: 0, binary: false, patch };
  }

  test("is refused, and its lines are counted", async () => {
    expect((await collectDiff(patches(), "stat", 2 ** 32)).additions).toBe(3 * 22 * 1024);
    for (const format of ["patch", "json"] as const) {
      const { details } = await failure(collectDiff(patches(), format, 2 ** 32), "too_large");
      expect(details).toMatchObject({ what: "diff", limitBytes: 64 * 1024 * 1024 });
    }
  });
});
