import { statSync } from "node:fs";
import { OperationError } from "../../domain/errors.ts";
import type { RepositoryView } from "../backend.ts";
import { CatFile } from "./cat-file.ts";
import type { GitRunner } from "./run-git.ts";

const SWEEP_MS = 1000;

export interface CatFilePoolOptions {
  readonly idleMax: number;
  readonly idleMs: number;
  readonly requestTimeoutMs: number;
  readonly monotonicMs: () => number;
}

/**
 * Warm `cat-file` processes, by repository and quarantine. A request has its process for itself. The key holds the inode of the
 * repository, so that one that was removed and made anew is noticed, and of its list of alternates, which git reads only once.
 * (A process stands in the repository's directory, so the inode is not given to another while the process lives.)
 */
export class CatFilePool {
  readonly #runner: GitRunner;
  readonly #options: CatFilePoolOptions;
  readonly #idle = new Map<string, CatFile[]>();
  #idleCount = 0;
  #sweeper: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(runner: GitRunner, options: CatFilePoolOptions) {
    this.#runner = runner;
    this.#options = options;
  }

  /** How many processes wait for a request. */
  get idleCount(): number {
    return this.#idleCount;
  }

  /** Runs one request, or several in a row, on a process; it is kept afterwards when it is still clean. */
  async use<T>(view: RepositoryView, request: (process: CatFile) => Promise<T>): Promise<T> {
    const lease = await this.lease(view);
    const timer = setTimeout(() => lease.process.stop(), this.#options.requestTimeoutMs);
    try {
      return await request(lease.process);
    } catch (error) {
      throw view.signal?.aborted === true ? new OperationError("canceled", {}, { cause: error }) : error;
    } finally {
      clearTimeout(timer);
      await lease.release();
    }
  }

  /** Takes a process until `release`. The view's signal ends it. */
  async lease(view: RepositoryView): Promise<{ process: CatFile; release(): Promise<void> }> {
    if (view.signal?.aborted === true) throw new OperationError("canceled", {});
    const key = keyOf(view);
    const process = this.#take(key) ?? (await CatFile.start(this.#runner, view));
    const cancel = () => process.stop();
    view.signal?.addEventListener("abort", cancel, { once: true });
    return {
      process,
      release: async () => {
        view.signal?.removeEventListener("abort", cancel);
        if (process.usable && !this.#closed) this.#keep(key, process);
        else await process.dispose();
      },
    };
  }

  /** Ends the idle processes of a quarantine. */
  forgetQuarantine(quarantineDir: string): void {
    for (const [key, processes] of this.#idle) {
      if (key.endsWith(`\0${quarantineDir}`)) this.#end(key, processes);
    }
  }

  /** Ends the idle processes of a repository. */
  forgetRepository(gitDir: string): void {
    for (const [key, processes] of this.#idle) {
      if (key.startsWith(`${gitDir}\0`)) this.#end(key, processes);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweeper);
    const all = [...this.#idle.values()].flat();
    this.#idle.clear();
    this.#idleCount = 0;
    await Promise.all(all.map((process) => process.dispose()));
  }

  #take(key: string): CatFile | undefined {
    const processes = this.#idle.get(key);
    for (let process = processes?.pop(); process !== undefined; process = processes?.pop()) {
      this.#idleCount--;
      if (processes?.length === 0) this.#idle.delete(key);
      if (process.usable) return process;
      process.stop();
    }
    return undefined;
  }

  #keep(key: string, process: CatFile): void {
    process.idleSinceMs = this.#options.monotonicMs();
    const processes = this.#idle.get(key);
    // A key that is used again moves to the end, so that the first one is the longest unused.
    if (processes !== undefined) this.#idle.delete(key);
    this.#idle.set(key, [...(processes ?? []), process]);
    this.#idleCount++;
    while (this.#idleCount > this.#options.idleMax) this.#dropOldest();
    this.#sweeper ??= this.#scheduleSweep();
  }

  #dropOldest(): void {
    const [key, processes] = this.#idle.entries().next().value!;
    processes.shift()!.stop();
    this.#idleCount--;
    if (processes.length === 0) this.#idle.delete(key);
  }

  #scheduleSweep(): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#sweeper = undefined;
      const oldest = this.#options.monotonicMs() - this.#options.idleMs;
      for (const [key, processes] of this.#idle) {
        while (processes.length > 0 && processes[0]!.idleSinceMs <= oldest) {
          processes.shift()!.stop();
          this.#idleCount--;
        }
        if (processes.length === 0) this.#idle.delete(key);
      }
      if (this.#idleCount > 0) this.#sweeper = this.#scheduleSweep();
    }, SWEEP_MS);
    timer.unref();
    return timer;
  }

  #end(key: string, processes: CatFile[]): void {
    this.#idle.delete(key);
    this.#idleCount -= processes.length;
    for (const process of processes) process.stop();
  }
}

function keyOf(view: RepositoryView): string {
  const { gitDir } = view;
  const directory = statSync(gitDir, { throwIfNoEntry: false });
  if (directory === undefined)
    throw new OperationError("repository_not_found", { repository: "" }, { context: { gitDir } });
  const version = versionOfAlternates(gitDir);
  return `${view.gitDir}\0${directory.dev}:${directory.ino}\0${version}\0${view.quarantineDir ?? ""}`;
}

function versionOfAlternates(gitDir: string): string {
  try {
    const alternates = statSync(`${gitDir}/objects/info/alternates`, { throwIfNoEntry: false });
    return alternates === undefined ? "" : `${alternates.ino}:${alternates.mtimeMs}`;
  } catch (error) {
    // A file stands where a directory should: git will say what it thinks of that.
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return "";
    throw error;
  }
}
