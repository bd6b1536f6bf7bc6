import { tmpdir } from "node:os";
import type { GitBackend } from "../backend.ts";
import { CatFilePool } from "./cat-file-pool.ts";
import { createDiff } from "./diff.ts";
import type { ChildEvent } from "./git-child.ts";
import { createHistory } from "./history.ts";
import { createMaintenance } from "./maintenance.ts";
import { createMerge } from "./merge.ts";
import { createObjects } from "./objects.ts";
import { createPack } from "./pack.ts";
import { createQuarantine } from "./quarantine.ts";
import { createRefs } from "./refs.ts";
import { createRemote } from "./remote.ts";
import { GitRunner } from "./run-git.ts";
import { SHELL_LIMITS, type ShellLimits } from "./shell-limits.ts";
import { createWorktree } from "./worktree.ts";

export interface ShellBackendOptions {
  /** The program; found in PATH when it is a bare name. */
  readonly gitPath?: string;
  readonly limits?: Partial<ShellLimits>;
  /** Told about every child process. */
  readonly onChild?: (event: ChildEvent) => void;
  /** Where runs that speak with other servers keep private files; the system's own directory for such things when absent. */
  readonly scratchRoot?: string;
  readonly clock?: { monotonicMs(): number };
}

/** The backend of native git, with what tests and metrics want to know about it. */
export interface ShellBackend extends GitBackend {
  /** Process ids of the children that run now, warm ones included. */
  readonly childPids: readonly number[];
  /** Version of the program, such as `2.39.5`. Throws `git_failed` when it cannot be run. */
  version(): Promise<string>;
}

/** Makes the backend that asks native git, 2.39 or newer, in child processes. */
export function createShellBackend(options: ShellBackendOptions = {}): ShellBackend {
  const { gitPath = "git", onChild = () => {}, clock = { monotonicMs: () => performance.now() } } = options;
  const { scratchRoot = tmpdir() } = options;
  const limits = { ...SHELL_LIMITS, ...options.limits };
  const monotonicMs = () => clock.monotonicMs();
  const runner = new GitRunner({ gitPath, limits, monotonicMs, onChild });
  const pool = new CatFilePool(runner, {
    idleMax: limits.catFileIdleMax,
    idleMs: limits.catFileIdleMs,
    requestTimeoutMs: limits.runTimeoutMs,
    monotonicMs,
  });
  const refs = createRefs(runner, pool);
  const facets = {
    objects: createObjects(runner, pool),
    quarantine: createQuarantine(runner, pool, refs),
    refs,
    history: createHistory(runner),
    diff: createDiff(runner, pool),
    merge: createMerge(runner, pool),
    maintenance: createMaintenance(runner),
    pack: createPack(runner),
    remote: createRemote(runner, scratchRoot),
    worktree: createWorktree(runner, pool),
  };
  return {
    name: "shell",
    ...facets,
    supports: new Set(
      Object.entries(facets).flatMap(([facet, methods]) => Object.keys(methods).map((method) => `${facet}.${method}`)),
    ),
    get childPids() {
      return runner.pids;
    },
    async version() {
      const { stdout } = await runner.run({ gitDir: "/", objectFormat: "sha1" }, { command: "version" });
      return stdout
        .toString("utf8")
        .replace(/^git version /, "")
        .trim();
    },
    forget: (gitDir) => pool.forgetRepository(gitDir),
    async close() {
      await pool.close();
      await runner.close();
    },
  };
}
