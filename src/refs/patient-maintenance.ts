import type { GitBackend, RepositoryView } from "../backend/backend.ts";
import type { MaintenanceFacet } from "../backend/maintenance-facet.ts";
import { hasReason } from "../domain/errors.ts";
import type { Journal } from "../events/journal.ts";
import type { EventRepository } from "../events/journal-record.ts";
import type { Pin, Pins } from "../storage/pins.ts";
import { clearHalfWritten } from "./stale-locks.ts";

/** What an operation has pinned. */
export interface OwnPin {
  readonly pin: Pin;
  readonly key: string;
  readonly repository: EventRepository;
}

/** The pin of the operation that a view is for: maintenance does not wait for its own. */
export type OwnPinOf = (view: RepositoryView) => OwnPin | undefined;

/** How long readers are waited for. Who reads longer copes with packs that go, as with a `git gc` by hand. */
const PATIENCE_MS = 5000;

async function settleForAWhile(pins: Pins, { key, pin }: OwnPin, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pins.settle(key, { own: pin, signal, timeoutMs: PATIENCE_MS });
  } catch (error) {
    if (!hasReason(error, "repository_locked")) throw error;
  }
}

/**
 * The backend, but for maintenance that takes files away: that waits for those who may still read them, and leaves a trace in the
 * journal while it runs, so that what a crash leaves of it is cleaned.
 */
export function withPatientMaintenance(
  git: GitBackend,
  pins: Pins,
  ownPinOf: OwnPinOf,
  journal: Pick<Journal, "begin" | "end">,
): GitBackend {
  const maintenance: MaintenanceFacet = {
    async *collectGarbage(view) {
      const own = ownPinOf(view);
      if (own === undefined) return yield* git.maintenance.collectGarbage(view);
      await settleForAWhile(pins, own, view.signal);
      const work = journal.begin(own.repository);
      const begunAtMs = Date.now();
      let isWhole = false;
      try {
        yield* git.maintenance.collectGarbage(view);
        isWhole = true;
      } finally {
        if (!isWhole) await clearHalfWritten(view.gitDir, begunAtMs);
        journal.end(work);
      }
    },
    check: (view, options) => git.maintenance.check(view, options),
    readConfig: (view) => git.maintenance.readConfig(view),
    writeConfig: (view, key, value) => git.maintenance.writeConfig(view, key, value),
    importFrom: (view, sourceDir) => git.maintenance.importFrom(view, sourceDir),
  };
  return {
    get name() {
      return git.name;
    },
    get objects() {
      return git.objects;
    },
    get quarantine() {
      return git.quarantine;
    },
    get refs() {
      return git.refs;
    },
    get remote() {
      return git.remote;
    },
    get history() {
      return git.history;
    },
    get diff() {
      return git.diff;
    },
    get merge() {
      return git.merge;
    },
    get pack() {
      return git.pack;
    },
    get worktree() {
      return git.worktree;
    },
    get supports() {
      return git.supports;
    },
    maintenance,
    forget: (gitDir) => git.forget(gitDir),
    close: () => git.close(),
  };
}
