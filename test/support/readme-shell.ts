import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanEnvironment, COMMAND, type RunningServer } from "./running-server.ts";
import { ROOT } from "./source-tree.ts";

const run = promisify(execFile);

/** A shell on the machine of somebody who follows the README: its lines are typed as they stand there, at the ports of a server. */
export class ReadmeShell {
  readonly home: string = mkdtempSync(join(tmpdir(), "holdfast-readme-"));
  readonly #server: RunningServer;
  readonly #env: Record<string, string>;

  constructor(server: RunningServer) {
    this.#server = server;
    const { home } = this;
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
    this.#env = {
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
  }

  /** The port of a door of the server. */
  port(door: string): string {
    return /(\d+)$/.exec(this.#server.addresses[door] ?? "")?.[1] ?? "";
  }

  /** The blocks of a section's code in their order, with the server's ports. */
  blocksOf(heading: string): string[] {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    const section = readme.slice(readme.indexOf(`## ${heading}`)).split(/\n## /)[0] ?? "";
    return [...section.matchAll(/```\n(.*?)```/gs)].map(([, block = ""]) =>
      block
        .replaceAll("8080", this.port("http"))
        .replaceAll("23231", this.port("ssh"))
        .replaceAll("9418", this.port("git")),
    );
  }

  /** Types lines; answers what they print. Throws when one of them fails. */
  async type(script: string, cwd: string = this.home): Promise<string> {
    return (await run("sh", ["-ec", script], { cwd, env: this.#env })).stdout;
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
