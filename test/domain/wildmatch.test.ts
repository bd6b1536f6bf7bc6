import { describe, expect, test } from "bun:test";
import { compileRefPatterns } from "../../src/domain/ref-pattern.ts";
import { compileWildmatch } from "../../src/domain/wildmatch.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const NAMES = [
  "refs/heads/a",
  "refs/heads/ab",
  "refs/heads/b/c",
  "refs/heads/b/d/e",
  "refs/heads/b/d/f.g",
  "refs/heads/main",
  "refs/heads/x-y",
  "refs/heads/x]y",
  "refs/tags/a",
  "refs/tags/v1.0",
  "refs/tags/v1.10",
  "refs/tags/v2",
  "refs/tags/deep/v1",
  "refs/heads/\xe9\xff",
  "refs/heads/Upper",
  "refs/heads/b/d/b/d/e",
  "refs/keep/around/1",
];

const PATTERNS = [
  "refs/heads/*",
  "refs/heads/**",
  "refs/heads/b/**",
  "refs/heads/**/e",
  "refs/**/e",
  "**/e",
  "**",
  "*",
  "refs/heads/b",
  "refs/heads/b/",
  "refs/heads/?",
  "refs/heads/a?",
  "refs/tags/v[0-9]*",
  "refs/tags/v[!1]*",
  "refs/tags/v[^1]*",
  "refs/heads/[[:upper:]]*",
  "refs/heads/[a-b]",
  "refs/heads/x[]]y",
  "refs/heads/x[]-]y",
  "refs/heads/x\\]y",
  "refs/heads/\\m\\a*",
  "refs/*/a",
  "refs/*",
  "refs/**/d/**",
  "refs/heads/b/*/e",
  "refs/heads/b**e",
  "refs/heads/[",
  "refs/heads/[a",
  "refs/heads/b[/]c",
  "refs/heads/b?c",
  "refs/heads/[[:bogus:]]*",
  "refs/heads/**/b/d/e",
  "r*",
  "refs/heads/*\xff",
  "refs/tags/v1.*",
  "refs",
  "refs/heads/m*n",
  "refs/heads/b/**/**/e",
  "refs/tags/**/v*",
];

describe("compileRefPatterns", () => {
  test("chooses what git for-each-ref chooses", async () => {
    await using repository = await TemporaryRepository.create();
    const commit = await repository.commit({ branch: "main" });
    const input = Buffer.from(NAMES.map((name) => `update ${name} ${commit}\n`).join(""), "latin1");
    await repository.git(["update-ref", "--stdin"], { input });
    for (const pattern of PATTERNS) {
      const format = ["--format=%(refname)"];
      // Bytes above ASCII cannot stand in an argument here; such patterns are checked by name below.
      if (/[\x80-\xff]/.test(pattern)) continue;
      const listed = await repository.text(["for-each-ref", ...format, pattern]);
      const { matches, prefixes } = compileRefPatterns([pattern]);
      const found = NAMES.toSorted().filter(matches);
      expect({ pattern, found }).toEqual({ pattern, found: listed === "" ? [] : listed.split("\n") });
      const within = (name: string) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
      expect(found.every(within)).toBe(true);
    }
    expect(NAMES.filter(compileRefPatterns(["refs/heads/*\xff"]).matches)).toEqual(["refs/heads/\xe9\xff"]);
  });

  test("leaves out prefixes that another one covers", () => {
    expect(compileRefPatterns(["refs/tags/*", "refs/heads/a", "refs/tags/v1"]).prefixes).toEqual([
      "refs/heads/a",
      "refs/tags/",
    ]);
    expect(compileRefPatterns(["refs/heads/", "**/x"]).prefixes).toEqual([]);
  });
});

describe("compileWildmatch", () => {
  test("without pathname chooses what git tag --list chooses", async () => {
    await using repository = await TemporaryRepository.create();
    const commit = await repository.commit();
    const names = ["a", "a/b", "a/b/c", "ab", "v1.0", "v1.1", "v2", "x[y"];
    await repository.git(["update-ref", "--stdin"], {
      input: names
        .filter((name) => name !== "a" && name !== "a/b" && name !== "x[y")
        .map((name) => `create refs/tags/${name} ${commit}\n`)
        .join(""),
    });
    const stored = (await repository.text(["tag", "--list"])).split("\n");
    for (const pattern of [
      "*",
      "a*",
      "a?b?c",
      "a*c",
      "v1.?",
      "v[12]*",
      "**",
      "a**c",
      "a/**",
      "[a-u]*",
      "v1.\\0",
      "v\\*",
      "[!v]*",
    ]) {
      const listed = await repository.text(["tag", "--list", pattern]);
      const found = stored.filter(compileWildmatch(pattern, { pathname: false }));
      expect({ pattern, found }).toEqual({ pattern, found: listed === "" ? [] : listed.split("\n") });
    }
  });

  test("takes no exponential time", () => {
    const matches = compileWildmatch(`${"*a".repeat(30)}b`, { pathname: true });
    expect(matches("a".repeat(5000))).toBe(false);
  });
});
