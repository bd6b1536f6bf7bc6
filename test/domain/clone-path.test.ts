import { describe, expect, test } from "bun:test";
import { relativePathsOfClonePath } from "../../src/domain/clone-path.ts";

describe("relativePathsOfClonePath", () => {
  test("all spellings name the same", () => {
    for (const path of ["/alice/x", "alice/x", "//alice/x/", "alice/x.git", "/alice/x.git/"])
      expect(relativePathsOfClonePath(path)).toEqual({ usual: "alice/x.git", plain: "alice/x" });
  });

  test("nothing is resolved as a file system would", () => {
    for (const path of ["", "/", "..", "/../x", "a/../b", "a//b", "./a", "a\0b", ".git"])
      expect(relativePathsOfClonePath(path)).toBeUndefined();
  });
});
