import type { Subprocess } from "bun";
import { type ByteString, fromByteString } from "../../domain/bytes.ts";

/** Bytes of stdout and of stderr that are kept; the rest is read and forgotten. */
const OUTPUT_BYTES_MAX = 1024 * 1024;

/** How long a script that was told to end may take before it is killed. */
const GRACE_MS = 1000;

/** How long output is awaited that processes which the script left behind may still write. */
const LINGER_MS = 500;

/**
 * Reads `$1` lines of standard input, and runs what follows with them as arguments. The runtime encodes arguments as UTF-8;
 * this way those that are bytes reach the script as they are.
 */
const WITH_RAW_ARGUMENTS = `n=$1; shift; while [ "$n" -gt 0 ] && IFS= read -r a; do set -- "$@" "$a"; n=$((n-1)); done; exec "$@" </dev/null`;

/** One run of a script. */
export interface ScriptRun {
  readonly script: string;
  /** Arguments, none of which contains a newline. */
  readonly args: readonly ByteString[];
  /** Standard input; only for scripts that get no arguments which are not ASCII. */
  readonly stdin?: Uint8Array;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Told what the script writes to either stream, as it comes, as far as it is kept. */
  readonly onOutput?: ((output: Uint8Array) => void) | undefined;
}

export interface ScriptResult {
  /** `exit status N` or `signal: NAME`; undefined when it succeeded. */
  readonly failure: string | undefined;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** Told of each child process. */
export interface ProcessObserver {
  started(): void;
  ended(): void;
}

/**
 * Runs a script to its end, in a process group of its own, which is stopped as a whole when the signal fires or the time is
 * over. A script that does not read its input is none the worse for it. Never throws.
 */
export async function runScript(run: ScriptRun, observer?: ProcessObserver): Promise<ScriptResult> {
  let child: Subprocess<Uint8Array | "ignore", "pipe", "pipe">;
  try {
    child = spawn(run);
  } catch (error) {
    return { failure: (error as Error).message, stdout: new Uint8Array(), stderr: new Uint8Array() };
  }
  observer?.started();
  const ending = new AbortController();
  let timedOut = false;
  const stop = () => stopGroup(child, ending.signal);
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, run.timeoutMs);
  run.signal?.addEventListener("abort", stop, { once: true });
  if (run.signal?.aborted) stop();
  const outputs = [
    collect(child.stdout, ending.signal, run.onOutput),
    collect(child.stderr, ending.signal, run.onOutput),
  ] as const;
  await child.exited;
  clearTimeout(timer);
  run.signal?.removeEventListener("abort", stop);
  const linger = setTimeout(() => ending.abort(), LINGER_MS);
  const [stdout, stderr] = await Promise.all(outputs);
  clearTimeout(linger);
  ending.abort();
  observer?.ended();
  return { failure: timedOut ? `timed out after ${run.timeoutMs} ms` : failureOf(child), stdout, stderr };
}

function spawn(run: ScriptRun): Subprocess<Uint8Array | "ignore", "pipe", "pipe"> {
  const isAscii = run.args.every((argument) => /^[\x01-\x7f]*$/.test(argument));
  const command = (...interpreter: string[]) => [...interpreter, run.script];
  const start = (argv: string[], stdin: Uint8Array | "ignore") =>
    Bun.spawn(argv, { cwd: run.cwd, env: run.env, stdin, stdout: "pipe", stderr: "pipe", detached: true });
  const startWith = (argv: string[]) => {
    if (isAscii) return start([...argv, ...run.args], run.stdin ?? "ignore");
    const lines = fromByteString(run.args.map((argument) => `${argument}\n`).join(""));
    return start(["/bin/sh", "-c", WITH_RAW_ARGUMENTS, "sh", String(run.args.length), ...argv], lines);
  };
  try {
    return startWith(command());
  } catch (error) {
    // A script without a first line that names its interpreter: git gives it to the shell, as execvp(3) does.
    if ((error as NodeJS.ErrnoException).code !== "ENOEXEC") throw error;
    return startWith(command("/bin/sh"));
  }
}

function failureOf(child: Subprocess): string | undefined {
  if (child.signalCode !== null) return `signal: ${child.signalCode}`;
  return child.exitCode === 0 ? undefined : `exit status ${child.exitCode}`;
}

function stopGroup(child: Subprocess, ended: AbortSignal): void {
  signalGroup(child.pid, "SIGTERM");
  const kill = setTimeout(() => signalGroup(child.pid, "SIGKILL"), GRACE_MS);
  ended.addEventListener("abort", () => clearTimeout(kill), { once: true });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  ending: AbortSignal,
  onOutput: ScriptRun["onOutput"],
): Promise<Uint8Array> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  ending.addEventListener("abort", cancel, { once: true });
  const chunks: Uint8Array[] = [];
  let kept = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const chunk = next.value.subarray(0, OUTPUT_BYTES_MAX - kept);
      kept += chunk.length;
      if (chunk.length === 0) continue;
      chunks.push(chunk);
      onOutput?.(chunk);
    }
  } catch {
    // What was read so far is all there is to tell.
  } finally {
    ending.removeEventListener("abort", cancel);
  }
  return Buffer.concat(chunks);
}
