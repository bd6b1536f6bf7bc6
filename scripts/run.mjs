// Runs a program to its end. Output is kept, and shown only by those who want it.
import { spawn, spawnSync } from "node:child_process";
import { root } from "./paths.mjs";

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Runs and waits; never throws. `output` is stdout and stderr together. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: OUTPUT_BYTES_MAX,
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error ? `${result.error.message}\n` : ""}`;
  return { ok: result.status === 0, status: result.status ?? 1, stdout: result.stdout ?? "", output };
}

/** Is there such a program in PATH? */
export const exists = (program, ...args) => run(program, args.length > 0 ? args : ["--version"]).ok;

/** The last lines of a log, for a message about a failure. */
export const tail = (text, lines = 30) => text.trimEnd().split("\n").slice(-lines).join("\n");

/**
 * Hands the terminal over to a program: its input, its output, our signals, its exit code.
 * Ctrl-C on a terminal already reaches the whole process group, so it is forwarded only elsewhere.
 */
export function become(program, args, options = {}) {
  const child = spawn(program, args, { stdio: "inherit", ...options });
  const forwarded = process.stdin.isTTY ? ["SIGTERM", "SIGHUP"] : ["SIGTERM", "SIGHUP", "SIGINT"];
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
    process.on(signal, () => {
      if (forwarded.includes(signal)) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`holdfast: cannot start ${program}: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of ["SIGTERM", "SIGHUP", "SIGINT"]) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
