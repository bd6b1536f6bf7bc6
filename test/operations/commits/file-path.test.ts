import { describe, expect, test } from "bun:test";
import { checkLinkPath, cleanFilePath } from "../../../src/operations/commits/file-path.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";

const COMPONENT = "a".repeat(63);

/** A path of so many components, each of so many letters. */
const path = (count: number, component = "d") => Array.from({ length: count }, () => component).join("/");

/** Names in a tree, one byte a character. */
const NAMES = [
  ".git",
  ".GIT",
  ".g\xe2\x80\x8cit",
  ".git. .",
  ".git . .:x",
  ".git::$INDEX_ALLOCATION",
  "git~1",
  "GIT~1. ",
  "git~1\\x",
  "a\\.git",
  "a\\..\\.GIT \\x",
  "a\\git~1:x",
  ".gitx",
  ".gi",
  "git~2",
  "git~10",
  "x.git",
  "a\\b",
  "a\\.gitx",
  ".git~1",
  "x:.git",
];

const LINK_NAMES = [
  ".gitmodules",
  ".GitModules. :x",
  ".git\xe2\x80\x8cmodules",
  "gitmod~1",
  "gitmod~5",
  "GI7EBA~1",
  "gi7eb~12",
  "gi7~1234. .",
  "~1234567",
  "gi7eba~12",
  "gi7eba",
  "a\\.gitmodules",
  ".gitmodules2",
  "gitmodules",
  ".gitattributes",
];

function problemOf(file: string): unknown {
  try {
    cleanFilePath(file);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("cleanFilePath", () => {
  test("takes paths of up to 4,096 bytes and 512 components", () => {
    const longest = `${path(64, COMPONENT)}b`;
    expect(longest.length).toBe(4096);
    const refused = { reason: "invalid_path", details: { problem: "too_long" } };
    expect(cleanFilePath(longest)).toBe(longest);
    expect(problemOf(`${longest}b`)).toMatchObject(refused);
    expect(cleanFilePath(path(512))).toBe(path(512));
    expect(problemOf(path(513))).toMatchObject(refused);
    expect(cleanFilePath(`./${path(512)}/x/..`)).toBe(path(512));
  });

  test("refuses the disguises of .git that fsck refuses, and no more", async () => {
    await using git = await TemporaryRepository.create();
    const blob = await git.writeObject("blob", "x");
    const trees = new Map<string, string>();
    for (const name of NAMES) {
      const input = Buffer.from(`100644 blob ${blob}\t${name}\0`, "latin1");
      trees.set(name, await git.text(["mktree", "-z"], { input }));
    }
    const refused = await git.git(["fsck", "--strict"]).then(String, String);
    const byFsck = NAMES.filter((name) => refused.includes(`tree ${trees.get(name)}: hasDotgit`));
    expect(byFsck.length).toBeGreaterThan(5);
    expect(NAMES.filter((name) => problemOf(name) !== undefined)).toEqual(byFsck);
  });

  test("refuses as symbolic links the disguises of .gitmodules that fsck refuses, and no more", async () => {
    await using git = await TemporaryRepository.create();
    const blob = await git.writeObject("blob", "x");
    const trees = new Map<string, string>();
    for (const name of LINK_NAMES) {
      const input = Buffer.from(`120000 blob ${blob}\t${name}\0`, "latin1");
      trees.set(name, await git.text(["mktree", "-z"], { input }));
    }
    const refused = await git.git(["fsck", "--strict"]).then(String, String);
    const byFsck = LINK_NAMES.filter((name) => refused.includes(`tree ${trees.get(name)}: gitmodulesSymlink`));
    expect(byFsck.length).toBeGreaterThan(5);
    const isRefused = (name: string) => {
      try {
        checkLinkPath(`d/${name}`);
        return false;
      } catch {
        return true;
      }
    };
    expect(LINK_NAMES.filter(isRefused)).toEqual(byFsck);
  });
});
