import type { ByteString } from "../domain/bytes.ts";
import { fromByteString } from "../domain/bytes.ts";
import { OperationError } from "../domain/errors.ts";
import type { Oid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import { hookEnvironment, type HookSurroundings } from "./hooks/hook-environment.ts";
import { type HookDirectories, HookFinder, type HookName } from "./hooks/hook-scripts.ts";
import { type ProcessObserver, runScript } from "./hooks/run-script.ts";

/** A reference with its values before and after, as hooks are told of it. */
export interface HookChange {
  readonly name: RefName;
  readonly oldOid: Oid;
  readonly newOid: Oid;
}

export interface HookSettings {
  /** Directory of hooks that run for every repository. */
  readonly globalDirectory?: string | undefined;
  /** Longest run of one script. */
  readonly timeoutMs: number;
  readonly processes?: ProcessObserver | undefined;
  /** Told of a failing hook whose failure changes nothing any more. */
  readonly onIgnoredFailure: (hook: HookName, gitDir: string, error: unknown) => void;
}

type DecidingHook = "pre-receive" | "update" | "reference-transaction";

interface HookRun {
  readonly args?: readonly ByteString[];
  readonly stdin?: Uint8Array;
  /** The one reference that the hook is asked about. */
  readonly reference?: RefName;
  readonly signal?: AbortSignal | undefined;
}

/** The hooks on disk, as the ref door runs them (githooks(5)). Where there is no script there is no process. */
export class Hooks {
  readonly #settings: HookSettings;
  readonly #finder: HookFinder;

  constructor(settings: HookSettings) {
    this.#settings = settings;
    this.#finder = new HookFinder(settings.globalDirectory);
  }

  /** Looks for the hooks of one change; undefined when there are none of any kind. */
  forChange(surroundings: HookSurroundings): ChangeHooks | undefined {
    const directories = this.#finder.find(surroundings.gitDir);
    return directories && new ChangeHooks(this.#settings, directories, surroundings);
  }
}

/** The hooks of one change of one repository. */
export class ChangeHooks {
  readonly #settings: HookSettings;
  readonly #directories: HookDirectories;
  readonly #surroundings: HookSurroundings;

  constructor(settings: HookSettings, directories: HookDirectories, surroundings: HookSurroundings) {
    this.#settings = settings;
    this.#directories = directories;
    this.#surroundings = surroundings;
  }

  /** Is there a script for the hook? */
  has(hook: HookName): boolean {
    return this.#directories.scripts(hook).length > 0;
  }

  /** Runs pre-receive, which sees the objects in quarantine. Throws `hook_rejected`. */
  preReceive(changes: readonly HookChange[], signal: AbortSignal): Promise<void> {
    return this.#decide("pre-receive", { stdin: linesOf(changes), signal });
  }

  /** Runs update for one reference; its objects are in the repository. Throws `hook_rejected`. */
  update({ name, oldOid, newOid }: HookChange, signal: AbortSignal): Promise<void> {
    return this.#decide("update", { args: [name, oldOid, newOid], reference: name, signal });
  }

  /** Runs reference-transaction before the references move. Throws `hook_rejected`. */
  transactionPrepared(changes: readonly HookChange[], signal: AbortSignal): Promise<void> {
    return this.#decide("reference-transaction", { args: ["prepared"], stdin: linesOf(changes), signal });
  }

  /** Runs reference-transaction once it is decided. Never throws. */
  transactionEnded(state: "committed" | "aborted", changes: readonly HookChange[]): Promise<void> {
    return this.#inform("reference-transaction", { args: [state], stdin: linesOf(changes) });
  }

  /** Runs post-receive and post-update. Never throws. */
  async afterwards(changes: readonly HookChange[]): Promise<void> {
    await this.#inform("post-receive", { stdin: linesOf(changes) });
    await this.#inform("post-update", { args: changes.map((change) => change.name) });
  }

  async #decide(hook: DecidingHook, run: HookRun): Promise<void> {
    for (const script of this.#directories.scripts(hook)) {
      const { failure, stdout, stderr } = await this.#run(hook, script, run);
      if (run.signal?.aborted) throw new OperationError("canceled", {});
      if (failure === undefined) continue;
      this.#explain(hook, failure);
      const told = isBlank(stdout) && isBlank(stderr) ? Buffer.from(failure) : stderr;
      const reference = run.reference === undefined ? {} : { reference: run.reference };
      throw new OperationError(
        "hook_rejected",
        { hook, ...reference, stdout, stderr: told },
        { context: { script, failure } },
      );
    }
  }

  async #inform(hook: HookName, run: HookRun): Promise<void> {
    const { gitDir } = this.#surroundings;
    try {
      for (const script of this.#directories.scripts(hook)) {
        const { failure, stderr } = await this.#run(hook, script, run);
        if (failure === undefined) continue;
        const problem = `${script}: ${failure}: ${Buffer.from(stderr).toString("utf8").slice(0, 1000)}`;
        this.#settings.onIgnoredFailure(hook, gitDir, new Error(problem));
        return;
      }
    } catch (error) {
      this.#settings.onIgnoredFailure(hook, gitDir, error);
    }
  }

  /** A script that was ended did not come to say why. */
  #explain(hook: HookName, failure: string): void {
    if (!failure.startsWith("exit status"))
      this.#surroundings.onOutput?.(Buffer.from(`error: hook ${hook}: ${failure}\n`));
  }

  #run(hook: HookName, script: string, run: HookRun): ReturnType<typeof runScript> {
    // Objects are in quarantine only while pre-receive looks at them.
    const { quarantineDir, ...rest } = this.#surroundings;
    const surroundings = hook === "pre-receive" ? { ...rest, quarantineDir } : rest;
    return runScript(
      {
        script,
        args: run.args ?? [],
        ...(run.stdin === undefined ? {} : { stdin: run.stdin }),
        cwd: this.#surroundings.gitDir,
        env: hookEnvironment(surroundings),
        signal: run.signal,
        timeoutMs: this.#settings.timeoutMs,
        // What reference-transaction says is not for the client, as with git.
        onOutput: hook === "reference-transaction" ? undefined : this.#surroundings.onOutput,
      },
      this.#settings.processes,
    );
  }
}

function linesOf(changes: readonly HookChange[]): Uint8Array {
  return fromByteString(changes.map(({ name, oldOid, newOid }) => `${oldOid} ${newOid} ${name}\n`).join(""));
}

function isBlank(output: Uint8Array): boolean {
  return Buffer.from(output).toString("latin1").trim() === "";
}
