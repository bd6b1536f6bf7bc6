import { existsSync, mkdirSync } from "node:fs";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { RepositoryView } from "../backend.ts";
import { ChildSlots } from "./child-slots.ts";
import { GitChild, type ChildEnd, type ChildEvent } from "./git-child.ts";
import { GIT_COMMANDS, type GitCommand, type GitCommandName } from "./git-commands.ts";
import { gitEnvironment } from "./git-environment.ts";
import { prepareArguments } from "./raw-arguments.ts";
import { invalidRepository } from "./repository-error.ts";
import type { ShellLimits } from "./shell-limits.ts";

/** One run of git, as data. */
export interface GitRun {
  readonly command: GitCommandName;
  /** Options of ours; never text of a client, save as the value of `--option=`. */
  readonly flags?: readonly ByteString[];
  /** Revisions and names, after `--end-of-options` where the command knows it. */
  readonly operands?: readonly ByteString[];
  /** Pathspecs, after `--`. */
  readonly paths?: readonly ByteString[];
  readonly stdin?: Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs, an absolute path; in the git directory when absent. */
  readonly cwd?: string;
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface GitRunnerOptions {
  readonly gitPath: string;
  readonly limits: ShellLimits;
  readonly monotonicMs: () => number;
  readonly onChild: (event: ChildEvent) => void;
}

/** A child that was started for a run, with what is needed to judge its end. */
export interface StartedGit {
  readonly child: GitChild;
  readonly argv: readonly ByteString[];
  /** The end of the child; throws when it is no answer. */
  finish(): Promise<GitResult>;
  /** What is wrong with the run so far, were it to end now: canceled, too slow, or what git said. */
  failure(end: ChildEnd): OperationError | undefined;
  /** Stops the child if it still runs, and waits until it is reaped. */
  dispose(): Promise<void>;
}

export interface StartOptions {
  readonly stdin: boolean;
  /** A file that takes what the child writes. */
  readonly stdoutDescriptor?: number;
  readonly stderrDescriptor?: number;
  /** Whether what is started can talk with us (`GitChild.channel`). */
  readonly channel?: boolean;
  /** A child that serves many requests has no time limit and outlives its first request's signal. */
  readonly longLived?: boolean;
}

/** Runs git: argument arrays, a fixed environment, every run under limits, every child reaped. */
export class GitRunner {
  readonly limits: ShellLimits;
  readonly #options: GitRunnerOptions;
  /** For children that read what a client sends, and so run for as long as it likes. */
  readonly packsReceived: ChildSlots;
  /** For children that write for readers who take their time. */
  readonly walksFollowed: ChildSlots;
  /** Places of packs that are made into files. */
  readonly packsMade: ChildSlots;
  readonly #slots: ChildSlots;
  readonly #children = new Set<GitChild>();
  #closed = false;

  constructor(options: GitRunnerOptions) {
    this.#options = options;
    this.limits = options.limits;
    const { childrenMax, packsReceivedMax, walksFollowedMax, childWaitMs, packsMadeMax, packWaitMs } = options.limits;
    this.#slots = new ChildSlots("child processes", childrenMax, childWaitMs);
    this.walksFollowed = new ChildSlots("histories that are followed", walksFollowedMax, childWaitMs);
    this.packsReceived = new ChildSlots("packs that are received", packsReceivedMax, childWaitMs);
    this.packsMade = new ChildSlots("packs that are made", packsMadeMax, packWaitMs);
  }

  /** Milliseconds from an arbitrary start. */
  get monotonicMs(): () => number {
    return this.#options.monotonicMs;
  }

  /** Process ids of the children that run now. */
  get pids(): number[] {
    return [...this.#children].map((child) => child.pid);
  }

  /** Runs git to its end and collects its output, within the limit; throws `git_failed` for an exit code that is no answer. */
  async run(view: RepositoryView, run: GitRun): Promise<GitResult> {
    const started = await this.start(view, run, { stdin: run.stdin !== undefined });
    try {
      if (run.stdin !== undefined) started.child.stdin.end(run.stdin);
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of outputOf(started)) {
        bytes += chunk.length;
        if (bytes > this.limits.outputBytesMax) throw tooLarge("output of git", bytes, this.limits.outputBytesMax);
        chunks.push(chunk);
      }
      const { exitCode, stderr } = await started.finish();
      return { exitCode, stderr, stdout: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) };
    } finally {
      await started.dispose();
    }
  }

  /** Runs git and hands over its output as it comes; a reader that stops ends the child. Throws after the last chunk. */
  async *stream(view: RepositoryView, run: GitRun): AsyncGenerator<Buffer, GitResult> {
    const started = await this.start(view, run, { stdin: run.stdin !== undefined });
    try {
      if (run.stdin !== undefined) started.child.stdin.end(run.stdin);
      yield* outputOf(started);
      return await started.finish();
    } finally {
      await started.dispose();
    }
  }

  /** Starts git. The caller must call `dispose`. */
  async start(view: RepositoryView, run: GitRun, options: StartOptions): Promise<StartedGit> {
    if (this.#closed) throw new OperationError("shutting_down", {});
    const command: GitCommand = GIT_COMMANDS[run.command];
    const argv = argumentsOf(command, run);
    const size = argv.reduce((sum, argument) => sum + argument.length + 1, 0);
    if (size > this.limits.argumentBytesMax) throw tooLarge("arguments of git", size, this.limits.argumentBytesMax);
    const { cwd = view.gitDir } = run;
    await this.#slots.take(view.signal);
    const prepared = prepareArguments(argv);
    let child: GitChild;
    try {
      // git takes a repository whose object directory is absent for none at all.
      if (view.quarantineDir !== undefined) mkdirSync(view.quarantineDir, { recursive: true });
      child = new GitChild({
        program: this.#options.gitPath,
        argv: prepared.argv,
        cwd,
        env: { ...gitEnvironment(view), ...prepared.env, ...run.env },
        stdin: options.stdin,
        stderrBytesMax: this.limits.stderrBytesMax,
        killGraceMs: this.limits.killGraceMs,
        ...(options.channel === true ? { channel: true } : {}),
        ...(options.stdoutDescriptor === undefined ? {} : { stdoutDescriptor: options.stdoutDescriptor }),
        ...(options.stderrDescriptor === undefined ? {} : { stderrDescriptor: options.stderrDescriptor }),
      });
    } catch (error) {
      this.#slots.give();
      prepared.release();
      throw new OperationError(
        "git_failed",
        { command: nameOf(command), exitCode: -1 },
        { cause: error, context: { argv } },
      );
    }
    this.#watch(child, command, prepared.release);
    return this.#started(view, command, argv, child, options);
  }

  /** Stops all children and waits for their end. */
  async close(): Promise<void> {
    this.#closed = true;
    const children = [...this.#children];
    for (const child of children) child.stop();
    await Promise.all(children.map((child) => child.ended));
  }

  #watch(child: GitChild, command: GitCommand, release: () => void): void {
    const name = nameOf(command);
    const startedAtMs = this.#options.monotonicMs();
    const { pid } = child;
    this.#children.add(child);
    if (pid !== 0) this.#options.onChild({ kind: "started", command: name, pid });
    void child.ended.then(({ exitCode }) => {
      this.#children.delete(child);
      this.#slots.give();
      release();
      if (pid !== 0) {
        this.#options.onChild({
          kind: "ended",
          command: name,
          pid,
          exitCode,
          durationMs: this.#options.monotonicMs() - startedAtMs,
        });
      }
    });
  }

  #started(
    view: RepositoryView,
    command: GitCommand,
    argv: readonly ByteString[],
    child: GitChild,
    options: StartOptions,
  ): StartedGit {
    const { signal } = view;
    const timeoutMs = command.maintenance === true ? this.limits.maintenanceTimeoutMs : this.limits.runTimeoutMs;
    let timedOut = false;
    const cancel = () => child.stop();
    const expire = () => {
      timedOut = true;
      child.stop();
    };
    const bound = options.longLived !== true;
    const timer = bound ? setTimeout(expire, timeoutMs) : undefined;
    if (bound) signal?.addEventListener("abort", cancel, { once: true });
    // The signal may have fired while the child was being started.
    if (bound && signal?.aborted) child.stop();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    };
    const failure = (end: ChildEnd): OperationError | undefined => {
      if (signal?.aborted && bound) return new OperationError("canceled", {});
      if (timedOut)
        return new OperationError("limit_exceeded", {
          limit: "run time of git in ms",
          maximum: timeoutMs,
          retryAfterMs: 0,
        });
      if (end.startError !== undefined && !existsSync(view.gitDir)) {
        return new OperationError(
          "repository_not_found",
          { repository: "" },
          { cause: end.startError, context: { gitDir: view.gitDir } },
        );
      }
      if (end.startError === undefined && command.exitCodes.includes(end.exitCode)) return undefined;
      return gitFailed(command, argv, end, child.stderr.toString("latin1"));
    };
    return {
      child,
      argv,
      failure,
      finish: async () => {
        const end = await child.ended;
        settle();
        const error = failure(end);
        if (error !== undefined) throw error;
        return { exitCode: end.exitCode, stdout: Buffer.alloc(0), stderr: child.stderr.toString("latin1") };
      },
      dispose: async () => {
        settle();
        child.stop();
        // Unread output would keep the pipe, and so the end, open.
        if (options.stdoutDescriptor === undefined) child.stdout.destroy();
        await child.ended;
      },
    };
  }
}

/** What the child writes. When that breaks off, the child's end tells why. */
async function* outputOf({ child, failure }: StartedGit): AsyncGenerator<Buffer> {
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
  } catch (error) {
    throw failure(await child.ended) ?? error;
  }
}

/** What git calls it: the word behind the settings that it is run with. */
const nameOf = ({ argv }: GitCommand): string => argv.find((word, at) => word !== "-c" && argv[at - 1] !== "-c")!;

function argumentsOf(command: GitCommand, run: GitRun): ByteString[] {
  const argv: ByteString[] = [...command.argv, ...(run.flags ?? [])];
  if (run.operands !== undefined) {
    if (command.endOfOptions === true) argv.push("--end-of-options");
    argv.push(...run.operands);
  }
  if (run.paths !== undefined) argv.push("--", ...run.paths);
  return argv;
}

/** What git says of a full disk, but where it could write no file at all (entry.c, csum-file.c). */
export const DISK_FULL = /No space left on device|Out of diskspace|Disk quota exceeded/;

/** What git says of a file that is not what its attributes tell (convert.c). */
const NOT_ENCODED =
  /^fatal: (?:failed to encode '(.*)' from .* to |BOM is (?:required|prohibited) in '(.*)' if encoded as )/m;

function gitFailed(command: GitCommand, argv: readonly ByteString[], end: ChildEnd, stderr: string): OperationError {
  const context = { argv, stderr, signal: end.signal };
  const cause = end.startError === undefined ? {} : { cause: end.startError };
  if (DISK_FULL.test(stderr)) return new OperationError("disk_full", {}, { context });
  const [, named, marked] = NOT_ENCODED.exec(stderr) ?? [];
  const file = named ?? marked;
  if (file !== undefined) {
    const problem = `git cannot read ${file} in the working-tree-encoding that is told for it`;
    return new OperationError("invalid_input", { field: ".gitattributes", problem }, { context });
  }
  const invalid = invalidRepository(end.exitCode, stderr, context);
  if (invalid !== undefined) return invalid;
  return new OperationError("git_failed", { command: nameOf(command), exitCode: end.exitCode }, { context, ...cause });
}

function tooLarge(what: string, sizeBytes: number, limitBytes: number): OperationError {
  return new OperationError("too_large", { what, sizeBytes, limitBytes });
}

/** What git said on stderr, when this is its failure. */
export function stderrOf(error: unknown): string | undefined {
  if (!(error instanceof OperationError) || error.reason !== "git_failed") return undefined;
  const { stderr } = error.context as { stderr?: unknown };
  return typeof stderr === "string" ? stderr : undefined;
}
