// What nobody should type, and some will.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import { CommandStory } from "../support/command-story.ts";

let story: CommandStory;
let alice: Principal;

beforeAll(async () => {
  story = await CommandStory.open();
  alice = await story.user("alice");
  await story.ask("repo create alice/one", alice);
});

afterAll(() => story.close());

/** One line of plain text on stderr, nothing on stdout, and an exit status that says what kind of error it is. */
async function expectRefusal(argv: readonly string[], status: number): Promise<void> {
  const answer = await story.run(argv, alice);
  expect({ argv, status: answer.status, stdout: answer.stdout }).toEqual({ argv, status, stdout: "" });
  expect(answer.stderr).toMatch(/^[^\x00-\x1f\x7f-\x9f]+\n$/);
  expect(answer.stderr).not.toMatch(/\bat .*:\d+:\d+|\.ts\b/);
}

describe("commands that are called the wrong way", () => {
  test.each([
    ["an unknown command", ["creat"]],
    ["an unknown command below another", ["repo", "creat", "x"]],
    ["a missing argument", ["repo", "create"]],
    ["an argument too many", ["repo", "info", "a", "b"]],
    ["an unknown option", ["repo", "info", "alice/one", "--colour"]],
    ["an option without its value", ["token", "create", "x", "--repo"]],
    ["a name that begins with a dash", ["repo", "info", "-x"]],
    ["a new name that begins with a dash", ["repo", "create", "--", "-x/y"]],
    ["a new name that leads out", ["repo", "create", "alice/../../x"]],
    ["a new name of a door", ["repo", "create", "api/x"]],
    ["bytes that are not UTF-8", ["repo", "info", "alice/\ufffd"]],
    ["a NUL byte", ["repo", "info", "alice/one\0.git"]],
    ["a NUL byte in a quoted name", ["repo", "branch", "delete", "alice/one", '"a\\000b"']],
    ["escape sequences", ["\x1b[31m"]],
    ["very many arguments", ["repo", "info", ...Array.from({ length: 4000 }, () => "x")]],
    ["an option of the server's", ["repo", "list", "--data", "/"]],
    ["a command of the server's", ["repo", "import", "/etc"]],
  ] as [string, string[]][])("%s", (_title, argv) => expectRefusal(argv, 2));

  test("a near miss is told what was meant", async () => {
    expect(await story.refusal("repo creat x", alice)).toBe("2 unknown command 'creat' (Did you mean create?)");
  });
});

describe("commands that cannot do what they are asked", () => {
  test.each([
    ["a path that leads out", ["repo", "info", "../../etc/passwd"]],
    ["a name that is none", ["repo", "info", ""]],
    ["a name of control characters", ["repo", "info", "\x1b[31m\r\n"]],
    ["a very long name", ["repo", "info", "x/".repeat(2000)]],
    ["a name after --", ["repo", "info", "--", "-x"]],
    ["a storage that is not there", ["repo", "list", "--storage", "../.."]],
    ["a revision that is an option of git's", ["repo", "commit", "alice/one", "--", "--output=/tmp/x"]],
    ["a path that is an option of git's", ["repo", "tree", "alice/one", "HEAD", "--", "--help"]],
    ["a branch that is no name", ["repo", "branch", "default", "alice/one", "a..b"]],
    ["a folder of an empty repository", ["repo", "tree", "alice/one"]],
    ["a user of no name", ["repo", "collab", "add", "alice/one", "a\nb"]],
    ["a description of two lines", ["repo", "description", "alice/one", "a\nb"]],
    ["a pattern that is none", ["repo", "protect", "alice/one", "not a name"]],
  ] as [string, string[]][])("%s", (_title, argv) => expectRefusal(argv, 1));
});

describe("help", () => {
  test("is printed for every command that has some, on stdout", async () => {
    expect(await story.ask("help", alice)).toStartWith("Usage: ssh -p 23231 HOST [options] [command]");
    expect(await story.ask("repo help create", alice)).toContain("--object-format");
    expect(await story.ask("repo collab add --help", alice)).toContain("no-access");
    const { status, stdout, stderr } = await story.run(["repo"], alice);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toStartWith("Usage: ssh -p 23231 HOST repo [options] [command]");
  });
});
