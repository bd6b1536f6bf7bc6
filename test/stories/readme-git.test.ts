// The README's first repository: its lines, typed by a shell as they stand there, at the ports of a server of its own.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { EACH_ONCE, install } from "../support/installation.ts";
import { ReadmeShell } from "../support/readme-shell.ts";

test.each([...EACH_ONCE])(
  "the lines of the README make a repository, push to it and clone it over every door, %s",
  async (combination) => {
    await using installation = await install(combination);
    await using server = await installation.start();
    using shell = new ReadmeShell(server);
    const [first = "", others = "", token = ""] = shell.blocksOf("A first repository, with git");
    const names = (place: string) => shell.type(`git -C ${place} log --format=%s`);

    await shell.type(first);
    for (const [at, line] of others.trim().split("\n").entries()) {
      await shell.type(`${line} clone-${at}`);
      expect(await names(`clone-${at}`)).toBe("First commit\n");
    }
    const told = await shell.type("npx holdfast repo info alice/hello --json");
    expect((JSON.parse(told) as { clone_urls: object }).clone_urls).toEqual({
      http: `http://127.0.0.1:${shell.port("http")}/alice/hello.git`,
      ssh: `ssh://127.0.0.1:${shell.port("ssh")}/alice/hello`,
      git: `git://127.0.0.1:${shell.port("git")}/alice/hello`,
    });
    const [make = "", push = ""] = token.trim().split("\n");
    const { token: secret } = JSON.parse(await shell.type(make)) as { token: string };
    await shell.type("git commit -q --allow-empty -m 'Second commit'", join(shell.home, "hello"));
    await shell.type(push.replace("TOKEN", secret), join(shell.home, "hello"));
    await shell.type("git -C clone-0 pull -q");
    expect(await names("clone-0")).toBe("Second commit\nFirst commit\n");
  },
);
