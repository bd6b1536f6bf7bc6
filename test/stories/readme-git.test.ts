// The README's first repository: its lines, typed by a shell as they stand there, at the ports of a server of its own.
import { expect, test } from "bun:test";
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { EACH_ONCE, install } from "../support/installation.ts";
import { cleanEnvironment, COMMAND } from "../support/running-server.ts";
import { ROOT } from "../support/source-tree.ts";

const run = promisify(execFile);

/** The blocks of a section's code, in their order. */
function blocksOf(heading: string): string[] {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const section = readme.slice(readme.indexOf(`## ${heading}`)).split(/\n## /)[0] ?? "";
  return [...section.matchAll(/```\n(.*?)```/gs)].map(([, block = ""]) => block);
}

test.each([...EACH_ONCE])(
  "the lines of the README make a repository, push to it and clone it over every door, %s",
  async (combination) => {
    await using installation = await install(combination);
    await using server = await installation.start();
    const home = mkdtempSync(join(tmpdir(), "holdfast-readme-"));
    try {
      const bin = join(home, "bin");
      mkdirSync(join(home, ".ssh"), { mode: 0o700 });
      mkdirSync(bin);
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(home, ".ssh", "id_ed25519")]);
      // What a user has on his machine: npx in the clone, ssh that takes the server's key.
      writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${COMMAND}" "$@"\n`);
      const key = join(home, ".ssh", "id_ed25519");
      const options = `-F /dev/null -i ${key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
      writeFileSync(join(bin, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh ${options} "$@"\n`);
      for (const name of ["npx", "ssh"]) chmodSync(join(bin, name), 0o755);
      const port = (door: string) => /(\d+)$/.exec(server.addresses[door] ?? "")?.[1] ?? "";
      const here = (text: string) =>
        text.replaceAll("8080", port("http")).replaceAll("23231", port("ssh")).replaceAll("9418", port("git"));
      const [first = "", others = "", token = ""] = blocksOf("A first repository, with git").map(here);
      const env = {
        ...cleanEnvironment(),
        PATH: `${bin}:${process.env["PATH"] ?? ""}`,
        HOME: home,
        HOLDFAST_DATA: server.data,
        GIT_TERMINAL_PROMPT: "0",
        GIT_AUTHOR_NAME: "Alice",
        GIT_AUTHOR_EMAIL: "alice@example.com",
        GIT_COMMITTER_NAME: "Alice",
        GIT_COMMITTER_EMAIL: "alice@example.com",
      };
      const shell = async (script: string, cwd: string) => (await run("sh", ["-ec", script], { cwd, env })).stdout;
      const names = (place: string) => shell(`git -C ${place} log --format=%s`, home);

      await shell(first, home);
      for (const [at, line] of others.trim().split("\n").entries()) {
        await shell(`${line} clone-${at}`, home);
        expect(await names(`clone-${at}`)).toBe("First commit\n");
      }
      const told = await shell("npx holdfast repo info alice/hello --json", home);
      expect((JSON.parse(told) as { clone_urls: object }).clone_urls).toEqual({
        http: `http://127.0.0.1:${port("http")}/alice/hello.git`,
        ssh: `ssh://127.0.0.1:${port("ssh")}/alice/hello`,
        git: `git://127.0.0.1:${port("git")}/alice/hello`,
      });
      const [make = "", push = ""] = token.trim().split("\n");
      const { token: secret } = JSON.parse(await shell(make, home)) as { token: string };
      await shell("git commit -q --allow-empty -m 'Second commit'", join(home, "hello"));
      await shell(push.replace("TOKEN", secret), join(home, "hello"));
      await shell("git -C clone-0 pull -q", home);
      expect(await names("clone-0")).toBe("Second commit\nFirst commit\n");
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
);
