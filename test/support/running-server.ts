import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withRuntime } from "../../scripts/runtime.mjs";
import { ROOT } from "./source-tree.ts";

/** The command line's entry, as users start it. */
export const COMMAND = join(ROOT, "src", "cli", "holdfast.ts");

/** A `holdfast serve` of its own: a process, free ports, a temporary data directory. */
export interface RunningServer {
  readonly pid: number;
  readonly data: string;
  /** The storage `default`. */
  readonly storage: string;
  /** `http` and `grpc`, as the ready line names them. */
  readonly addresses: Readonly<Record<string, string>>;
  /** All that the server has written to stderr so far. */
  log(): string;
  /** Tells the server to stop; answers its exit code. */
  stop(): Promise<number>;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Kills the server if it still runs, and removes what it left. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ServerSettings {
  readonly env?: Readonly<Record<string, string>>;
  /** An existing data directory; it stays. */
  readonly data?: string;
}

/** Every door on a free port. */
export const FREE_PORTS = {
  HOLDFAST_HTTP_PORT: "0",
  HOLDFAST_GRPC_PORT: "0",
  HOLDFAST_SSH_PORT: "0",
  HOLDFAST_GIT_PORT: "0",
} as const;

/** The environment without settings of whoever runs the tests. */
export function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([key]) => !key.startsWith("HOLDFAST_") && key !== "GIT_BACKEND");
  return Object.fromEntries(kept) as Record<string, string>;
}

/** Starts a server and waits until every door is open. */
export async function startServer({ env = {}, data }: ServerSettings = {}): Promise<RunningServer> {
  const place = data === undefined ? mkdtempSync(join(tmpdir(), "holdfast-story-")) : undefined;
  const directory = data ?? join(place ?? "", "data");
  const process_ = Bun.spawn([process.execPath, COMMAND, "serve"], {
    env: withRuntime({
      ...cleanEnvironment(),
      HOLDFAST_DATA: directory,
      ...FREE_PORTS,
      ...env,
    }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let log = "";
  const logEnded = collect(process_.stderr, (text) => (log += text));
  const clean = () => {
    if (place !== undefined) rmSync(place, { recursive: true, force: true });
  };
  const addresses = await readyAddresses(process_.stdout);
  if (addresses === undefined) {
    await Promise.all([process_.exited, logEnded]);
    clean();
    throw new Error(`the server did not start:\n${log}`);
  }
  const kill = async () => {
    process_.kill("SIGKILL");
    await process_.exited;
  };
  return {
    pid: process_.pid,
    data: directory,
    storage: join(directory, "repositories"),
    addresses,
    log: () => log,
    stop: () => {
      process_.kill("SIGTERM");
      return process_.exited;
    },
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      clean();
    },
  };
}

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `holdfast …` to its end. */
export async function holdfast(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const child = Bun.spawn([process.execPath, COMMAND, ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

async function collect(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
}

/** Reads up to the ready line, then lets the rest flow away; undefined when the stream ends before. */
async function readyAddresses(stream: ReadableStream<Uint8Array>): Promise<Record<string, string> | undefined> {
  const ready = Promise.withResolvers<Record<string, string> | undefined>();
  let text = "";
  void collect(stream, (more) => {
    text += more;
    const line = /^holdfast ready (.*)\n/m.exec(text)?.[1];
    if (line === undefined) return;
    ready.resolve(Object.fromEntries(line.split(" ").map((pair) => pair.split("=", 2) as [string, string])));
    text = "";
  }).then(() => ready.resolve(undefined));
  return ready.promise;
}
