import { describe, expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import type { FilePatch } from "../../../src/domain/diff.ts";
import { diffLimits } from "../../../src/transports/api/gitaly/diff/diff-limits.ts";
import { LimitedDiff } from "../../../src/transports/api/gitaly/diff/limited-diff.ts";
import { measurePatch } from "../../../src/transports/api/gitaly/diff/patch-size.ts";
import { splitTypeChange } from "../../../src/transports/api/gitaly/diff/split-type-change.ts";
import { CommitDiffRequestSchema } from "../../../src/transports/api/gitaly/generated/diff_pb.ts";

const file = (patch: string, more: Partial<FilePatch> = {}): FilePatch => ({
  status: "modified",
  oldPath: "file",
  newPath: "file",
  oldMode: 0o100644,
  newMode: 0o100644,
  oldOid: "1".repeat(40),
  newOid: "2".repeat(40),
  score: 0,
  binary: false,
  patch: Buffer.from(patch),
  ...more,
});

describe("measurePatch", () => {
  test("leaves out the lines of hunks", () => {
    const patch = "@@ -1,2 +1,2 @@ @@\n one\n-two\n+2\n\\ No newline at end of file\n@@ -9 +9 @@\n-x\n+y";
    expect(measurePatch(Buffer.from(patch))).toEqual({ lines: 6, bytes: 5 + 5 + 3 + 28 + 3 + 2, added: 2, removed: 2 });
    expect(measurePatch(new Uint8Array())).toEqual({ lines: 0, bytes: 0, added: 0, removed: 0 });
  });
});

describe("LimitedDiff", () => {
  const limited = (fields: object) => new LimitedDiff(diffLimits(create(CommitDiffRequestSchema, fields)));
  const wide = { enforceLimits: true, maxFiles: 100, maxLines: 100, maxBytes: 1000, maxPatchBytes: 100 };

  test("counts nothing that was left out", () => {
    const diff = limited({ collapseDiffs: true, safeMaxFiles: 10, safeMaxLines: 3, safeMaxBytes: 1000 });
    const kept = ["@@\n-a\n+b\n", "@@\n-a\n+b\n-c\n", "@@\n-a\n"].map(
      (patch) => diff.next(file(patch))!.patch.length > 0,
    );
    expect(kept).toEqual([true, false, true]);
  });

  test("a patch without lines is never collapsed", () => {
    const diff = limited({ collapseDiffs: true });
    expect(diff.next(file(""))).toMatchObject({ collapsed: false });
    expect(diff.next(file("@@\n-a\n"))).toMatchObject({ collapsed: true });
  });

  test("ends at a limit, or goes on with names", () => {
    const short = limited({ ...wide, maxFiles: 1 });
    expect(short.next(file("@@\n-a\n"))).toMatchObject({ overflow: false });
    expect(short.next(file("@@\n-a\n"))).toBeUndefined();
    const long = limited({ ...wide, maxFiles: 1, collectAllPaths: true });
    long.next(file("@@\n-a\n"));
    expect(long.next(file("@@\n-a\n"))).toMatchObject({ overflow: true, patch: new Uint8Array() });
  });

  test("finds the limit of a patch by the extension of its name", () => {
    const { patchBytesMax } = diffLimits(
      create(CommitDiffRequestSchema, {
        maxPatchBytes: 9,
        maxPatchBytesForFileExtension: { ".md": 1, Makefile: 2, ".gz": 3, ".x": 1_000_000 },
      }),
    );
    expect(["a.md", "dir.md/a", "dir/Makefile", "a.tar.gz", "a.x", "plain"].map(patchBytesMax)).toEqual([
      1, 9, 2, 3, 512_000, 9,
    ]);
  });
});

describe("splitTypeChange", () => {
  const split = (patch: string) =>
    splitTypeChange(file(patch, { status: "type-changed", newMode: 0o120000 })).map((part) => [
      part.status,
      Buffer.from(part.patch).toString(),
      part.binary,
    ]);

  test("cuts the patch where the addition begins", () => {
    const added = "@@ -0,0 +1 @@\n+target\n\\ No newline at end of file\n";
    expect(split(`@@ -1,2 +0,0 @@\n-@@ -0,0 +1 @@\n-file\n${added}`)).toEqual([
      ["deleted", "@@ -1,2 +0,0 @@\n-@@ -0,0 +1 @@\n-file\n", false],
      ["added", added, false],
    ]);
    expect(split(added)).toEqual([
      ["deleted", "", false],
      ["added", added, false],
    ]);
    const removed = "Binary files a/file and /dev/null differ\n";
    expect(split(`${removed}${added}`)).toEqual([
      ["deleted", removed, true],
      ["added", added, false],
    ]);
    const binary = "Binary files /dev/null and b/file differ\n";
    expect(split(`@@ -1 +0,0 @@\n-x\n${binary}`)).toEqual([
      ["deleted", "@@ -1 +0,0 @@\n-x\n", false],
      ["added", binary, true],
    ]);
  });

  test("leaves other changes as they are", () => {
    const change = file("@@\n");
    expect(splitTypeChange(change)).toEqual([change]);
  });
});
