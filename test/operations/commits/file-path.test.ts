import { describe, expect, test } from "bun:test";
import { hasReason } from "../../../src/domain/errors.ts";
import { cleanFilePath } from "../../../src/operations/commits/file-path.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";

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

function isRefused(name: string): boolean {
  try {
    return cleanFilePath(name) !== name;
  } catch (error) {
    if (hasReason(error, "invalid_path")) return true;
    throw error;
  }
}

describe("cleanFilePath", () => {
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
    expect(NAMES.filter(isRefused)).toEqual(byFsck);
  });
});
