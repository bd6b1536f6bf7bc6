import { spawn } from "node:child_process";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Nothing of the account's or the system's configuration reaches git here. */
const ENVIRONMENT = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Jane Doe",
  GIT_AUTHOR_EMAIL: "jane@example.com",
  GIT_COMMITTER_NAME: "Jane Doe",
  GIT_COMMITTER_EMAIL: "jane@example.com",
  LC_ALL: "C",
};

interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

interface CommitOptions {
  /** Branch that the commit goes to; `main` when absent. */
  readonly branch?: string;
  readonly message?: string | Uint8Array;
  readonly parents?: readonly string[];
  /** Whole tree of the commit, by path (one byte a character). */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly seconds?: number;
  readonly author?: string;
}

/** A bare repository in a temporary directory, filled by real git. Removed when it is disposed of. */
export class TemporaryRepository {
  /** Where git is started, and what is removed in the end. */
  readonly #directory: string;
  readonly path: string;

  private constructor(directory: string, path: string) {
    this.#directory = directory;
    this.path = path;
  }

  /** A repository that somebody else has made. */
  static at(path: string): TemporaryRepository {
    return new TemporaryRepository(path, path);
  }

  static async create(
    options: { objectFormat?: "sha1" | "sha256"; branch?: string } = {},
  ): Promise<TemporaryRepository> {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-test-"));
    const repository = new TemporaryRepository(directory, join(directory, "repository.git"));
    await repository.#init(options);
    return repository;
  }

  async #init({ objectFormat = "sha1", branch = "main" }: { objectFormat?: string; branch?: string }): Promise<void> {
    await runGit(this.#directory, [
      "init",
      "--quiet",
      "--bare",
      `--object-format=${objectFormat}`,
      `--initial-branch=${branch}`,
      "--template=",
      this.path,
    ]);
  }

  /** Removes the repository and makes an empty one at the same path. */
  async recreate(): Promise<void> {
    await rename(this.path, `${this.path}.removed`);
    await rm(`${this.path}.removed`, { recursive: true });
    await this.#init({});
  }

  /** Runs git in the repository and gives its standard output. Throws with its standard error when it fails. */
  git(args: readonly string[], options: RunOptions = {}): Promise<Buffer> {
    return runGit(this.path, args, options);
  }

  /** Runs git and gives its output as text without the newline at the end. */
  async text(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return (await this.git(args, options)).toString("latin1").replace(/\n$/, "");
  }

  /** Makes a commit on a branch; without `parents` the branch's tip, if any, is its parent. */
  async commit(options: CommitOptions = {}): Promise<string> {
    const { branch = "main", message = "change\n", files = {}, seconds = 1_700_000_000 } = options;
    const tip = await this.text(["for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`]);
    const parents = options.parents ?? (tip === "" ? [] : [tip]);
    const author = options.author ?? "Jane Doe <jane@example.com>";
    const text = Buffer.from(message);
    const parts: Uint8Array[] = [
      Buffer.from(`commit refs/heads/${branch}\nauthor ${author} ${seconds} +0000\n`, "latin1"),
      Buffer.from(`committer Jane Doe <jane@example.com> ${seconds} +0000\ndata ${text.length}\n`),
      text,
      Buffer.from(
        `\n${parents.map((parent, index) => `${index === 0 ? "from" : "merge"} ${parent}\n`).join("")}deleteall\n`,
      ),
    ];
    for (const [path, file] of Object.entries(files)) {
      const content = Buffer.from(file);
      parts.push(
        Buffer.from(`M 100644 inline ${quote(path)}\ndata ${content.length}\n`, "latin1"),
        content,
        Buffer.from("\n"),
      );
    }
    if (parents.length === 0 && tip !== "") await this.git(["update-ref", "-d", `refs/heads/${branch}`]);
    await this.git(["fast-import", "--quiet", "--force"], { input: Buffer.concat(parts) });
    return this.text(["rev-parse", `refs/heads/${branch}`]);
  }

  /** Writes an object as it is, without git's checks. */
  writeObject(type: string, content: string | Uint8Array): Promise<string> {
    return this.text(["hash-object", "-t", type, "-w", "--stdin", "--literally"], { input: content });
  }

  /** Takes the repository away in one step, as the server does: whoever still reads it in the background finds all of it or nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await rename(this.path, `${this.path}.removed`);
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function quote(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/** Runs git in a directory and gives its standard output. Throws with its standard error when it fails. */
export function runGit(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd, env: { ...ENVIRONMENT, ...options.env } });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(new Error(`git ${args.join(" ")}: exit code ${code}: ${Buffer.concat(errors).toString()}`));
    });
    // A child that ends without reading its input is told by its exit code.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}
