import { spawn, type ChildProcess } from "node:child_process";
import type { Duplex, Readable, Writable } from "node:stream";
import { BoundedText } from "./bounded-text.ts";

/** Told about each child that starts and ends, for metrics. */
export type ChildEvent =
  | { readonly kind: "started"; readonly command: string; readonly pid: number }
  | {
      readonly kind: "ended";
      readonly command: string;
      readonly pid: number;
      readonly exitCode: number;
      readonly durationMs: number;
    };

/** How a child ended. The exit code is -1 when a signal ended it. */
export interface ChildEnd {
  readonly exitCode: number;
  readonly signal: string | undefined;
  /** Why it could not be started. */
  readonly startError?: Error;
}

export interface ChildOptions {
  readonly program: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: boolean;
  readonly stderrBytesMax: number;
  readonly killGraceMs: number;
  /** Takes stdout instead of a pipe; then there is nothing to read. */
  readonly stdoutDescriptor?: number;
  /** Takes stderr instead of the bounded buffer. */
  readonly stderrDescriptor?: number;
  /** Descriptor 3 is a way to talk with us, which what the child starts inherits. */
  readonly channel?: boolean;
}

/**
 * A child process in a process group of its own, so that what it starts ends with it. It is asked to stop before it is killed:
 * git removes its lock files when asked.
 */
export class GitChild {
  readonly #process: ChildProcess;
  readonly #killGraceMs: number;
  readonly #stderr: BoundedText;
  /** Settles when the process is reaped and its pipes are closed; never rejects. */
  readonly ended: Promise<ChildEnd>;
  #running = true;
  #killTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ChildOptions) {
    this.#killGraceMs = options.killGraceMs;
    this.#process = spawn(options.program, options.argv as string[], {
      cwd: options.cwd,
      env: options.env,
      stdio: [
        options.stdin ? "pipe" : "ignore",
        options.stdoutDescriptor ?? "pipe",
        options.stderrDescriptor ?? "pipe",
        ...(options.channel === true ? (["pipe"] as const) : []),
      ],
      detached: true,
    });
    // A child that ends before it has read everything is no error here: its exit code tells.
    this.#process.stdin?.on("error", () => {});
    this.channel?.on("error", () => {});
    this.#stderr = new BoundedText(options.stderrBytesMax);
    this.#process.stderr?.on("data", (chunk: Buffer) => this.#stderr.add(chunk));
    this.ended = new Promise((resolve) => {
      let startError: Error | undefined;
      const settle = (exitCode: number | null, signal: string | null) => {
        this.#running = false;
        clearTimeout(this.#killTimer);
        resolve({
          exitCode: exitCode ?? -1,
          signal: signal ?? undefined,
          ...(startError === undefined ? {} : { startError }),
        });
      };
      this.#process.once("error", (error) => {
        startError ??= error;
        if (this.#process.pid === undefined) settle(-1, null);
      });
      this.#process.once("close", settle);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  get stdin(): Writable {
    return this.#process.stdin!;
  }

  get stdout(): Readable {
    return this.#process.stdout!;
  }

  /** The other end of the child's descriptor 3. */
  get channel(): Duplex | undefined {
    return (this.#process.stdio[3] ?? undefined) as Duplex | undefined;
  }

  /** What the child has said on stderr, within the bound: the beginning and the end. */
  get stderr(): Buffer {
    return this.#stderr.bytes;
  }

  /** Tells a listener what the child says on stderr, as it comes. */
  onStderr(listener: (chunk: Buffer) => void): void {
    this.#process.stderr?.on("data", listener);
  }

  /** Leaves the child to itself: no more input, and whatever it says is dropped. */
  leave(): void {
    this.#process.stdin?.end();
    // With such a listener the stream would wait for somebody to read it, and the end with it.
    this.stdout.removeAllListeners("readable");
    this.stdout.resume();
  }

  /** Asks the whole group to stop, and kills it when it has not stopped in time. */
  stop(): void {
    if (!this.#running || this.#killTimer !== undefined) return;
    this.#signal("SIGTERM");
    this.#killTimer = setTimeout(() => this.#signal("SIGKILL"), this.#killGraceMs);
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#process.pid === undefined || !this.#running) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // Gone already.
    }
  }
}
