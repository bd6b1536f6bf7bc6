import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PathFilter } from "../../src/gitaly/path-filter.ts";
import { RawDiffFilter } from "../../src/gitaly/raw-diff-filter.ts";

function git(directory: string, ...args: readonly string[]): Buffer {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["git", "-C", directory, ...args], {
    env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
  });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout;
}

/** A diff by git itself, of files with names and changes of every kind. */
function diffOfAll(): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-client-"));
  const write = (name: string, content: string | Buffer) => writeFileSync(join(directory, name), content);
  try {
    git(directory, "init", "-q");
    write("plain.txt", "a\n");
    write("with space.txt", "a\n");
    write("ümlaut\t.txt", "a\n");
    write("binary", Buffer.from([0, 1, 2]));
    write("mode", "a\n");
    write("old name", "1\n2\n3\n4\n");
    write("gone", "a\n");
    git(directory, "add", ".");
    git(directory, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "a");
    write("plain.txt", "diff --git a/gone b/gone\n--- a\n");
    write("with space.txt", "b");
    write("ümlaut\t.txt", "b\n");
    write("binary", Buffer.from([0, 3, 2]));
    git(directory, "mv", "old name", "new name");
    git(directory, "rm", "-q", "gone");
    write("empty", "");
    git(directory, "add", ".");
    git(directory, "update-index", "--chmod=+x", "mode");
    return git(directory, "diff", "--cached", "--full-index");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const DIFF = diffOfAll();
const NAMES = [
  "binary",
  "empty",
  "gone",
  "mode",
  "new name",
  "old name",
  "plain.txt",
  "with space.txt",
  "ümlaut\t.txt",
];

function filtered(paths: readonly string[], pieceBytes: number): string {
  const filter = new RawDiffFilter(new PathFilter(paths));
  const passed: Uint8Array[] = [];
  for (let at = 0; at < DIFF.length; at += pieceBytes) passed.push(...filter.push(DIFF.subarray(at, at + pieceBytes)));
  passed.push(...filter.end());
  return Buffer.concat(passed).toString();
}

/** The files of the diff, by how each starts. */
const SECTIONS = DIFF.toString().split(/^(?=diff --git )/m);

describe("the files that are wanted of a raw diff", () => {
  test.each(NAMES)("%s alone", (name) => {
    const whole = filtered([name], DIFF.length);
    expect(SECTIONS).toContain(whole);
    expect(whole).toContain(name.startsWith("ü") ? "mlaut" : name);
    for (const pieceBytes of [1, 7, 64]) expect(filtered([name], pieceBytes)).toBe(whole);
  });

  test("all of them are the diff", () => {
    expect(filtered(NAMES, 10)).toBe(DIFF.toString());
  });

  test("what is not in it gives nothing", () => {
    expect(filtered(["plain"], 10)).toBe("");
  });
});
