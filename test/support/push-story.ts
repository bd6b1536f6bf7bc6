import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../../src/config.ts";
import type { Caller } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { ObjectFormat } from "../../src/domain/oid.ts";
import { PushListener } from "./push-listener.ts";
import { runGit, TemporaryRepository } from "./temporary-repository.ts";
import { openTestEngine, type TestEngine } from "./test-engine.ts";

/** How a run of git ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly stdout: string;
}

export interface PushStoryOptions {
  readonly objectFormat?: ObjectFormat;
  readonly settings?: Partial<Config>;
  readonly as?: Partial<Caller>;
}

/** A repository behind the push operation, real git as the client that pushes to it, and as the referee of what came of it. */
export class PushStory {
  readonly test: TestEngine;
  readonly listener: PushListener;
  readonly repository: RepositoryRef;
  /** The client's own repository. */
  readonly client: TemporaryRepository;

  private constructor(
    test: TestEngine,
    listener: PushListener,
    repository: RepositoryRef,
    client: TemporaryRepository,
  ) {
    this.test = test;
    this.listener = listener;
    this.repository = repository;
    this.client = client;
  }

  static async open(backend: Config["backend"], options: PushStoryOptions = {}): Promise<PushStory> {
    const { objectFormat = "sha1" } = options;
    const test = await openTestEngine({ backend, ...options.settings });
    const repository = await test.createRepository("group/project", objectFormat);
    const client = await TemporaryRepository.create({ objectFormat });
    return new PushStory(test, await PushListener.open(test, options.as), repository, client);
  }

  get gitDir(): string {
    return this.test.pathOf(this.repository);
  }

  get url(): string {
    return this.listener.urlOf("group/project");
  }

  /** `git push URL …`, as a user types it. */
  push(...args: string[]): Promise<Ended> {
    return this.clientGit("push", this.url, ...args);
  }

  /** The same, still running. */
  startPush(...args: string[]): RunningGit {
    return this.startClientGit("push", this.url, ...args);
  }

  startClientGit(...args: string[]): RunningGit {
    return startGit(this.client.path, args);
  }

  /** Runs git in the client's repository, whatever comes of it. */
  clientGit(...args: string[]): Promise<Ended> {
    return startGit(this.client.path, args).ended;
  }

  /** What real git says in the server's repository. */
  async git(...args: string[]): Promise<string> {
    return (await runGit(this.gitDir, args)).toString("latin1").trimEnd();
  }

  /** References as real git sees them, by name. */
  async references(gitDir: string = this.gitDir): Promise<Record<string, string>> {
    const lines = (await runGit(gitDir, ["for-each-ref", "--format=%(refname) %(objectname)"])).toString("latin1");
    return Object.fromEntries(
      lines
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(" ")),
    );
  }

  /** Writes a hook of the repository. */
  hook(name: string, body: string): void {
    const path = join(this.gitDir, "custom_hooks", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
  }

  /** A file in the repository's directory, as a hook left it. */
  read(name: string): string {
    return readFileSync(join(this.gitDir, name), "utf8");
  }

  /** What the server keeps of work that is under way: nothing when nothing is. */
  leftovers(): string[] {
    const state = join(this.storageDir, "+holdfast");
    const kept = ["quarantine", "tmp", "removed"].flatMap((name) => readdirSync(join(state, name)));
    const locks = existsSync(this.gitDir) ? filesBelow(this.gitDir).filter((path) => /\.lock$|tmp_/.test(path)) : [];
    return [...kept, ...locks];
  }

  get storageDir(): string {
    return dirname(dirname(this.gitDir));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener.close();
    await this.test.close();
    await this.client[Symbol.asyncDispose]();
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" });
}

/** A git that runs. */
export interface RunningGit {
  readonly ended: Promise<Ended>;
  /** Waits until it has said this on stderr; rejects when it ends without having done so. */
  said(text: string): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): void;
}

/** Starts git with nobody's configuration. */
export function startGit(cwd: string, args: readonly string[]): RunningGit {
  const child = spawn("git", args, {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: "/nonexistent",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_TERMINAL_PROMPT: "0",
      LC_ALL: "C",
    },
  });
  const output = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString("latin1")));
  child.stderr.on("data", (chunk: Buffer) => {
    output.stderr += chunk.toString("latin1");
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, ...output })));
  return {
    ended,
    said: (text) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (output.stderr.includes(text)) resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`git ended without saying ${text}: ${output.stderr}`)));
      }),
    // With all that it has started.
    kill: () => void process.kill(-(child.pid ?? 0), "SIGKILL"),
  };
}
