import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the real git says, in a repository of its own; nothing of the account's settings counts. */
export class RefereeGit implements Disposable {
  readonly directory: string;

  /** With a work tree where git's own commands are to change files. */
  constructor({ bare = true } = {}) {
    this.directory = mkdtempSync(join(tmpdir(), "holdfast-referee-"));
    this.run(["init", "--quiet", ...(bare ? ["--bare"] : []), "--initial-branch=main", "."]);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What git prints; throws with its words when it exits otherwise than with 0. */
  run(args: readonly string[], input: string | Uint8Array = "", env: Readonly<Record<string, string>> = {}): Buffer {
    const { exitCode, stdout, stderr } = this.attempt(args, input, env);
    if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** As `run`, without the last newline. */
  line(args: readonly string[], input: string | Uint8Array = "", env: Readonly<Record<string, string>> = {}): string {
    return this.run(args, input, env).toString().replace(/\n$/, "");
  }

  attempt(args: readonly string[], input: string | Uint8Array = "", env: Readonly<Record<string, string>> = {}) {
    const { status, stdout, stderr } = spawnSync("git", args, {
      cwd: this.directory,
      input: typeof input === "string" ? Buffer.from(input) : input,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        PATH: process.env["PATH"],
        HOME: this.directory,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        LC_ALL: "C",
        ...env,
      },
    });
    return { exitCode: status, stdout, stderr: stderr.toString() };
  }

  /** Makes a commit out of whole files with git-fast-import(1); answers its id. */
  commit(parts: RefereeCommit): string {
    const person = `${parts.name} <${parts.email}> ${parts.seconds} ${parts.zone}`;
    const script: (string | Uint8Array)[] = ["commit refs/referee/last\n"];
    script.push(`author ${person}\ncommitter ${person}\n`, ...data(Buffer.from(parts.message)));
    const [first, ...others] = parts.parentIds;
    if (first !== undefined) script.push(`from ${first}\n`, ...others.map((id) => `merge ${id}\n`));
    script.push("deleteall\n");
    for (const [path, { bytes, executable }] of parts.files) {
      script.push(`M ${executable ? "100755" : "100644"} inline ${JSON.stringify(path)}\n`, ...data(bytes));
    }
    // The reference is in nobody's way: it would be a second parent, or refuse to go back.
    this.run(["update-ref", "-d", "refs/referee/last"]);
    this.run(["fast-import", "--quiet"], Buffer.concat(script.map((part) => Buffer.from(part))));
    return this.line(["rev-parse", "refs/referee/last"]);
  }
}

function data(bytes: Uint8Array): (string | Uint8Array)[] {
  return [`data ${bytes.length}\n`, bytes, "\n"];
}

/** A commit for the referee, told in full. */
export interface RefereeCommit {
  readonly parentIds: readonly string[];
  readonly name: string;
  readonly email: string;
  readonly seconds: number;
  /** `+0200` */
  readonly zone: string;
  readonly message: string;
  readonly files: ReadonlyMap<string, RefereeFile>;
}

export interface RefereeFile {
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}
