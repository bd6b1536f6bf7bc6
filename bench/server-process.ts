import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withRuntime } from "../scripts/runtime.mjs";

const COMMAND = join(import.meta.dir, "..", "src", "cli", "holdfast.ts");

/** A server that the bench has started as a user would. */
export interface ServerProcess {
  readonly grpc: string;
  readonly http: string;
  /** `host:port` of SSH and git://. */
  readonly ssh: string;
  readonly git: string;
  readonly pid: number;
  /** Resident memory of the server and its children, bytes. */
  residentBytes(): number;
  /** The server's metrics, in Prometheus' text format. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a server on free ports over a storage. */
export async function startServer(
  data: string,
  storage: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = Bun.spawn([process.execPath, COMMAND, "serve"], {
    env: withRuntime({
      PATH: process.env["PATH"] ?? "",
      HOLDFAST_DATA: data,
      HOLDFAST_STORAGES: `default=${storage}`,
      HOLDFAST_HTTP_PORT: "0",
      HOLDFAST_GRPC_PORT: "0",
      HOLDFAST_SSH_PORT: "0",
      HOLDFAST_GIT_PORT: "0",
      HOLDFAST_LOG_LEVEL: "warn",
      ...env,
    }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const ready = await firstLine(child.stdout);
  const address = (door: string) => new RegExp(`\\b${door}=(\\S+)`).exec(ready)?.[1] ?? "";
  if (address("grpc") === "") throw new Error(`the server did not start: ${ready}`);
  return {
    grpc: address("grpc"),
    http: address("http"),
    ssh: address("ssh"),
    git: address("git"),
    pid: child.pid,
    residentBytes: () => familyOf(child.pid).reduce((sum, pid) => sum + residentBytes(pid), 0),
    metrics: async () => (await fetch(`${address("http")}/metrics`)).text(),
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    text += Buffer.from(chunk).toString("utf8");
    if (text.includes("\n")) break;
  }
  return text;
}

/** Memory that a process holds for itself and shares, bytes (proc(5), VmRSS). */
function residentBytes(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function familyOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .trim()
      .split(" ")
      .filter(Boolean)
      .map(Number);
    return [pid, ...children.flatMap(familyOf)];
  } catch {
    return [pid];
  }
}
