// A server of its own for a test: free ports, a temporary data directory, nothing left behind.
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bun, root } from "./paths.mjs";
import { tail } from "./run.mjs";

const READY_MS = 30_000;
const EXIT_MS = 20_000;

/** What a server may not inherit from whoever runs the tests. */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([key]) => !key.startsWith("HOLDFAST_") && key !== "GIT_BACKEND");
  return Object.fromEntries(kept);
}

const exitOf = (child) => new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));

/** `key=value` pairs of the line that says that every door is open. */
async function readyLine(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("holdfast ready ")) continue;
    return Object.fromEntries(
      line
        .split(" ")
        .slice(2)
        .map((pair) => [pair.split("=")[0], pair.slice(pair.indexOf("=") + 1)]),
    );
  }
  throw new Error("the server ended before it was ready");
}

const timeLimit = (ms, what) =>
  new Promise((_, reject) => setTimeout(() => reject(new Error(`${what} took more than ${ms} ms`)), ms).unref());

/** Starts `holdfast serve`; `use` gets its addresses and its storage. Throws when it does not start or end as it should. */
export async function withServer(settings, use) {
  const place = mkdtempSync(join(tmpdir(), "holdfast-server-"));
  const data = join(place, "data");
  const logFile = join(place, "log");
  const env = {
    ...cleanEnvironment(),
    HOLDFAST_DATA: data,
    HOLDFAST_HTTP_PORT: "0",
    HOLDFAST_SSH_PORT: "0",
    HOLDFAST_GIT_PORT: "0",
    HOLDFAST_GRPC_PORT: "0",
    ...settings,
  };
  const child = spawn(bun, [join(root, "src", "cli", "holdfast.ts"), "serve"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.pipe(createWriteStream(logFile));
  const ended = exitOf(child);
  try {
    const doors = await Promise.race([readyLine(child), timeLimit(READY_MS, "the start")]);
    const result = await use({ ...doors, data, storage: join(data, "repositories"), pid: child.pid });
    child.kill("SIGTERM");
    const code = await Promise.race([ended, timeLimit(EXIT_MS, "the stop")]);
    if (code !== 0) throw new Error(`the server ended with ${code} after SIGTERM`);
    return result;
  } catch (error) {
    const log = existsSync(logFile) ? tail(readFileSync(logFile, "utf8"), 20) : "";
    throw new Error(`${error.message}\n${log}`);
  } finally {
    child.kill("SIGKILL");
    await ended;
    rmSync(place, { recursive: true, force: true });
  }
}
