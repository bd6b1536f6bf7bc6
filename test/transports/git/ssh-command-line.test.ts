import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { wordsOf } from "../../../src/transports/git/ssh/command-line.ts";
import { gitCommandOf } from "../../../src/transports/git/ssh/git-command.ts";
import { run } from "../../support/ssh-client.ts";

/** What a real shell makes of the words; undefined when it finds a quote that is not closed. */
async function shellWords(line: string): Promise<string[] | undefined> {
  const { code, stdout } = await run(["dash", "-c", `printf '<%s>\\0' ${line}`]);
  if (code !== 0) return undefined;
  const words = stdout
    .split("\0")
    .slice(0, -1)
    .map((word) => word.slice(1, -1));
  // printf without operands prints its format once.
  return line.trim() === "" ? [] : words;
}

describe("wordsOf", () => {
  test("is a shell's reading of quotes and backslashes", async () => {
    const pieces = fc.constantFrom("a", "b", " ", "'", '"', "\\", "/", "é", "!", "-", ".");
    const lines = fc.array(pieces, { maxLength: 14 }).map((all) => all.join(""));
    // A shell takes a lone backslash at the end for itself; a client that sends one has lost something.
    const ends = (line: string) => !/(^|[^\\])(\\\\)*\\$/.test(line);
    await fc.assert(
      fc.asyncProperty(lines.filter(ends), async (line) => {
        expect(wordsOf(line)).toEqual(await shellWords(line));
      }),
      { numRuns: 200 },
    );
  });

  test("is what git sends", () => {
    expect(wordsOf("git-upload-pack '/alice/it'\\''s'\\!''")).toEqual(["git-upload-pack", "/alice/it's!"]);
    expect(wordsOf("git-receive-pack '~/x'")).toEqual(["git-receive-pack", "~/x"]);
  });

  test("takes nothing else for more than characters", () => {
    expect(wordsOf("a $(b) `c` * ; & | > #d ~e")).toEqual(["a", "$(b)", "`c`", "*", ";", "&", "|", ">", "#d", "~e"]);
    expect(wordsOf("'open")).toBeUndefined();
    expect(wordsOf("end\\")).toBeUndefined();
  });
});

describe("gitCommandOf", () => {
  test("knows git's three programs in both spellings", () => {
    expect(gitCommandOf(["git-upload-pack", "/x"])).toEqual({ service: "upload-pack", path: "/x" });
    expect(gitCommandOf(["git", "receive-pack", "x"])).toEqual({ service: "receive-pack", path: "x" });
    expect(gitCommandOf(["git-upload-archive", "--", "-x"])).toEqual({ service: "upload-archive", path: "-x" });
  });

  test("leaves all else to others", () => {
    for (const words of [[], ["git"], ["git", "status"], ["upload-pack", "x"], ["git-shell"], ["help"]])
      expect(gitCommandOf(words)).toBeUndefined();
  });

  test("wants one repository", () => {
    for (const rest of [[], ["a", "b"], ["--strict", "a"]])
      expect(gitCommandOf(["git-upload-pack", ...rest])).toEqual({ service: "upload-pack", path: undefined });
  });
});
