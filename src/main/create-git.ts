import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { GitBackend } from "../backend/backend.ts";
import { createCachingBackend } from "../backend/caching/caching-backend.ts";
import { PackCache } from "../backend/caching/pack-cache.ts";
import { loadAddon } from "../backend/libgit2/addon.ts";
import { createLibgit2Backend } from "../backend/libgit2/libgit2-backend.ts";
import { createRoutedBackend, type RoutedBackend } from "../backend/routed/routed-backend.ts";
import { createShellBackend, type ShellBackend } from "../backend/shell/shell-backend.ts";
import { createTracedBackend } from "../backend/tracing/traced-backend.ts";
import type { Config } from "../config.ts";
import { systemClock } from "../telemetry/clock.ts";
import type { Log } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

interface Git {
  readonly git: RoutedBackend;
  readonly shell: ShellBackend;
}

/** The backends behind the router. Without the addon there is native git alone. */
export function createGit(
  config: Config,
  { metrics, log }: Telemetry,
  dataPath: string,
  generation: (gitDir: string) => bigint,
): Git {
  const shell = createShellBackend({
    onChild: (event) => {
      if (event.kind === "started") metrics.childrenStarted(event.command).add();
      metrics.childrenRunning.add(event.kind === "started" ? 1 : -1);
    },
    clock: systemClock,
    scratchRoot: freshDirectory(join(dataPath, "remotes")),
  });
  const traced = (backend: GitBackend) =>
    createTracedBackend(backend, {
      monotonicMs: () => systemClock.monotonicMs(),
      observe: (name, facet, method) => {
        const calls = metrics.backendCalls(name, facet, method);
        return { ended: () => calls.add() };
      },
    });
  const cached = (backend: GitBackend) => {
    if (config.packCacheBytes === 0) return backend;
    const cache = new PackCache({
      directory: join(dataPath, "cache", "packs"),
      bytesMax: config.packCacheBytes,
      entryBytesMax: Math.ceil(config.packCacheBytes / 2),
      ageMs: config.packCacheAgeMs,
      observer: {
        answered: (how) => metrics.packCacheRequests(how).add(),
        bytes: (kept) => metrics.packCacheBytes.set(kept),
      },
    });
    return createCachingBackend(backend, { cache, generation });
  };
  const libgit2 = openLibgit2(log);
  const git = createRoutedBackend({
    backends: { shell: traced(cached(shell)), ...(libgit2 === undefined ? {} : { libgit2: traced(libgit2) }) },
    current: libgit2 === undefined ? "shell" : config.backend,
    canaryPercent: config.canaryPercent,
    onFallback: ({ facet, method }, cause) => metrics.backendFallbacks(facet, method, cause).add(),
    onCompared: ({ facet, method }) => metrics.canaryComparisons(facet, method).add(),
    onDifference: ({ facet, method, gitDir, question, served, other }) => {
      metrics.canaryDifferences(facet, method).add();
      log.logger.error({ facet, method, git_dir: gitDir, question, served, other }, "backends differ");
    },
  });
  return { git, shell };
}

/** What an earlier server left in it is of no use, and may be secret. */
function freshDirectory(path: string): string {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

function openLibgit2(log: Log): GitBackend | undefined {
  try {
    return createLibgit2Backend(loadAddon());
  } catch (err) {
    log.logger.warn({ err }, "addon not loaded: native git does all the work");
    return undefined;
  }
}
