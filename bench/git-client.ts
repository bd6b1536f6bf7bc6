import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ServerProcess } from "./server-process.ts";

const run = promisify(execFile);

/** The ways into one repository: over each door, and as a path for the reference. */
export interface Addresses {
  readonly path: string;
  readonly http: string;
  readonly ssh: string;
  readonly git: string;
}

/** Real git as a client, in a directory of its own, with a key that it made. */
export class GitClient {
  readonly directory: string;
  readonly #env: Record<string, string>;

  private constructor(directory: string) {
    this.directory = directory;
    const ssh = ["ssh", "-F", "/dev/null", "-i", join(directory, "key"), "-o", "IdentitiesOnly=yes"];
    const unknownHosts = [
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "LogLevel=ERROR",
    ];
    this.#env = {
      PATH: process.env["PATH"] ?? "",
      HOME: directory,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_SSH_COMMAND: [...ssh, ...unknownHosts].join(" "),
      GIT_AUTHOR_NAME: "Jane Doe",
      GIT_AUTHOR_EMAIL: "jane@example.com",
      GIT_COMMITTER_NAME: "Jane Doe",
      GIT_COMMITTER_EMAIL: "jane@example.com",
      LC_ALL: "C",
    };
  }

  static async open(): Promise<GitClient> {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, "key")]);
    return new GitClient(directory);
  }

  /** Runs git; answers what it printed. Throws when it fails. */
  async git(args: readonly string[], cwd = this.directory): Promise<string> {
    const options = { cwd, env: this.#env, maxBuffer: Number.POSITIVE_INFINITY };
    return (await run("git", [...args], options)).stdout;
  }

  /** A path that nothing is at. */
  fresh(name: string): string {
    const path = join(this.directory, name);
    rmSync(path, { recursive: true, force: true });
    return path;
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** How a repository of the bench is reached. */
export function addressesOf(server: ServerProcess, gitDir: string, relativePath: string): Addresses {
  const name = relativePath.replace(/\.git$/, "");
  return {
    path: `file://${gitDir}`,
    http: `${server.http}/${name}.git`,
    ssh: `ssh://git@${server.ssh}/${name}`,
    git: `git://${server.git}/${name}`,
  };
}
