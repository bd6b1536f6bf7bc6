import { describe, expect, test } from "bun:test";
import { NoPatch, readPatch } from "../../src/domain/read-patch.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const pathsOf = (patch: string) => readPatch(patch).map(({ paths }) => paths);

describe("readPatch", () => {
  test("reads what git diff prints, whatever the names and contents", async () => {
    await using repository = await TemporaryRepository.create();
    const names = ["a", "b c", "caf\xe9", 'q"uote', "tab\there", "--- a", "x b/x"];
    const files = (content: (name: string) => string) => Object.fromEntries(names.map((name) => [name, content(name)]));
    // Lines that look like a patch themselves.
    const evil = "--- a/evil\n+++ b/evil\n@@ -1 +1 @@\n-- x\ndiff --git a/no b/no\n";
    const from = await repository.commit({
      files: { ...files(() => evil), moved: "1\n2\n3\n", mode: "m", bin: "\0\x01" },
    });
    const to = await repository.commit({
      files: {
        ...files((name) => `${evil.replaceAll("x", "y")}${name}`),
        "to here": "1\n2\n3\n",
        bin: "\0\x02",
        empty: "",
      },
    });
    for (const context of [0, 3]) {
      const patch = (await repository.git(["diff", "--binary", "-M", `-U${context}`, from, to])).toString("latin1");
      const sections = readPatch(patch);
      expect(sections.map(({ start, end }) => patch.slice(start, end)).join("")).toBe(patch);
      expect(new Set(sections.flatMap(({ paths }) => paths))).toEqual(
        new Set([...names, "bin", "empty", "mode", "moved", "to here"]),
      );
      expect(sections.find(({ paths }) => paths.includes("moved"))!.paths).toEqual(["moved", "to here"]);
    }
  });

  test("reads what diff prints, and passes over what stands around", () => {
    const patch = "From me\n\n--- a/f\t2024-01-01 00:00:00\n+++ b/f\t2024-01-01\n@@ -1,2 +1 @@\n x\n-y\n-- \n2.39\n";
    const [section] = readPatch(patch);
    expect(section!.paths).toEqual(["f"]);
    expect(section!.hunks).toEqual([{ oldStart: 1, text: "@@ -1,2 +1 @@\n x\n-y\n" }]);
    expect(pathsOf("--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n")).toEqual([["new"]]);
  });

  test.each([
    ["", "there is no file in it"],
    ["text\n", "there is no file in it"],
    ["@@ -1 +1 @@\n-a\n+b\n", "line 1: a hunk of no file"],
    ["--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n", "line 3: the hunk is cut off"],
    ["--- a/f\n+++ b/f\n@@ -1 +1 @@\n*a\n", "line 4: no line of a hunk"],
    ["--- a/f\n+++ b/f\n@@ -1 +1,0 @@\n a\n", "line 3: the hunk has not the lines that it says"],
    ["diff --git a/f b/f\nindex 1..2\nBinary files a/f and b/f differ\n", "line 3: the contents are missing"],
    ["--- /dev/null\n+++ /dev/null\n@@ -0,0 +1 @@\n+a\n", "line 4: a file without a name"],
  ])("refuses %p", (patch, problem) => {
    expect(() => readPatch(patch)).toThrow(new NoPatch(problem));
  });
});
