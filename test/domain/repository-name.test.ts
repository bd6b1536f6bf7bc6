import { describe, expect, test } from "bun:test";
import { problemOfRepositoryName, relativePathOf, repositoryNameOf } from "../../src/domain/repository-name.ts";

describe("problemOfRepositoryName", () => {
  test.each(["a", "alice/myrepo", "a/b/c", "A.b_c-1/x2", "team/api"])("%s is fine", (name) => {
    expect(problemOfRepositoryName(name)).toBeUndefined();
  });

  test.each([
    "",
    "/",
    "a/",
    "/a",
    "a//b",
    ".",
    "..",
    "a/..",
    "a/../b",
    ".git",
    "a/.hidden",
    "a.git",
    "a.git/b",
    "x.lock",
    "a..b",
    "a.",
    "-a",
    "@hashed/x",
    "a b",
    "a\\b",
    "a\0b",
    "ä",
    "api/x",
    "v1",
    "metrics/a",
    "x".repeat(256),
  ])("%j is not", (name) => {
    expect(problemOfRepositoryName(name)).toBeString();
  });

  test("a name leads to a path and back", () => {
    expect(relativePathOf("alice/myrepo")).toBe("alice/myrepo.git");
    expect(repositoryNameOf("alice/myrepo.git")).toBe("alice/myrepo");
    expect(repositoryNameOf("plain")).toBe("plain");
  });
});
