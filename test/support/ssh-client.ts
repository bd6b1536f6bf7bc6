import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ControlClient } from "../../src/transports/control/client.ts";
import { type CommandResult, type RunningServer } from "./running-server.ts";

export type KeyKind = "ed25519" | "ecdsa" | "rsa";

const KEY_ARGUMENTS: Readonly<Record<KeyKind, readonly string[]>> = {
  ed25519: ["-t", "ed25519"],
  ecdsa: ["-t", "ecdsa", "-b", "256"],
  rsa: ["-t", "rsa", "-b", "2048"],
};

/** A person's computer: real git and ssh, keys, and no configuration but ours. Removed when it is disposed of. */
export class SshClient {
  readonly directory = mkdtempSync(join(tmpdir(), "holdfast-ssh-"));
  readonly #server: RunningServer;

  constructor(server: RunningServer) {
    this.#server = server;
  }

  /** `host` and `port` of the SSH door. */
  get port(): string {
    return this.#server.addresses["ssh"]!.split(":")[1]!;
  }

  url(name: string): string {
    return `ssh://127.0.0.1:${this.port}/${name}`;
  }

  path(...segments: string[]): string {
    return join(this.directory, ...segments);
  }

  /** Makes a key; answers its public line. */
  async makeKey(name: string, kind: KeyKind = "ed25519"): Promise<string> {
    const file = this.path(name);
    await must(await run(["ssh-keygen", "-q", "-N", "", "-C", name, ...KEY_ARGUMENTS[kind], "-f", file]));
    return readFileSync(`${file}.pub`, "utf8").trim();
  }

  /** Makes a user with a key of that name. */
  async makeUser(user: string, kind: KeyKind = "ed25519"): Promise<void> {
    const control = new ControlClient(this.#server.data);
    await control.call("createUser", { name: user });
    await control.call("addKey", { user, key: await this.makeKey(user, kind) });
  }

  /** Arguments of ssh that show a key, or none. */
  sshArguments(keys: readonly string[], more: readonly string[] = []): string[] {
    const identities = keys.flatMap((key) => ["-i", this.path(key)]);
    const options = ["StrictHostKeyChecking=accept-new", `UserKnownHostsFile=${this.path("known_hosts")}`];
    const identity = keys.length === 0 ? "IdentityFile=none" : "IdentitiesOnly=yes";
    const all = [...options, identity, "IdentityAgent=none", "LogLevel=ERROR"].flatMap((option) => ["-o", option]);
    return ["ssh", "-F", "none", ...all, ...identities, ...more];
  }

  /** Runs ssh with a command line for the server. */
  ssh(command: readonly string[], keys: readonly string[] = [], more: readonly string[] = []): Promise<CommandResult> {
    return run([...this.sshArguments(keys, more), "-p", this.port, "127.0.0.1", ...command], { cwd: this.directory });
  }

  /** The environment in which git shows a key. */
  environment(keys: readonly string[], more: readonly string[] = []): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: this.directory,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: "Jane Doe",
      GIT_AUTHOR_EMAIL: "jane@example.com",
      GIT_COMMITTER_NAME: "Jane Doe",
      GIT_COMMITTER_EMAIL: "jane@example.com",
      LC_ALL: "C",
      GIT_SSH_COMMAND: this.sshArguments(keys, more).join(" "),
      GIT_SSH_VARIANT: "ssh",
    };
  }

  /** Runs git as somebody with these keys. */
  git(keys: readonly string[], args: readonly string[], cwd = this.directory): Promise<CommandResult> {
    return run(["git", ...args], { cwd, env: this.environment(keys) });
  }

  /** Runs git and answers what it printed. Throws when it fails. */
  async succeed(keys: readonly string[], args: readonly string[], cwd = this.directory): Promise<string> {
    return must(await this.git(keys, args, cwd));
  }

  /** A repository on the computer, with some commits on main and a tag. */
  async makeRepository(name: string, commits = 3): Promise<string> {
    const path = this.path(name);
    await this.succeed([], ["init", "-q", "-b", "main", path]);
    for (let n = 1; n <= commits; n++) {
      writeFileSync(join(path, "file.txt"), `line ${n}\n`.repeat(n));
      await this.succeed([], ["add", "."], path);
      await this.succeed([], ["commit", "-q", "-m", `commit ${n}`], path);
    }
    await this.succeed([], ["tag", "-a", "-m", "first", "v1"], path);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs a program to its end. */
export async function run(
  argv: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CommandResult> {
  const child = Bun.spawn([...argv], { ...options, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** What a program printed. Throws when it failed. */
export function must({ code, stdout, stderr }: CommandResult): string {
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return stdout;
}
