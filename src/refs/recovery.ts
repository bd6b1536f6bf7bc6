import type { GitBackend } from "../backend/backend.ts";
import { hasReason } from "../domain/errors.ts";
import type { Journal } from "../events/journal.ts";
import type { ChangeEvent, EventRepository } from "../events/journal-record.ts";
import type { LocatedRepository, RepositoryLocator } from "../storage/repository-locator.ts";
import { completeChange } from "./complete-change.ts";
import { awaitQuiet, MOVES_REFERENCES } from "./git-processes.ts";
import { clearLeftovers } from "./stale-locks.ts";

/** How long children of a server that died may take to end. */
const ORPHANS_MAX_MS = 2000;

export interface RecoveryServices {
  readonly journal: Journal;
  readonly locator: RepositoryLocator;
  readonly git: GitBackend;
  /** Told of each change that was open, and what became of it. */
  readonly onRecovered: (event: ChangeEvent, outcome: "done" | "dropped") => void;
  /** Told of what could not be settled; it is tried again at the next start. */
  readonly onFailed: (repository: EventRepository, error: unknown) => void;
}

/**
 * Settles what an earlier server left open, before anybody is served: in every repository that was being worked on, leftovers
 * go; every change without its mark is finished if any of its references moved, else dropped.
 */
export async function recover(services: RecoveryServices): Promise<void> {
  const { journal, git } = services;
  const { changes, works } = journal.unfinished;
  const cleaned = new Map<string, Promise<LocatedRepository | undefined>>();
  const clean = (repository: EventRepository) => {
    const key = `${repository.storage}\0${repository.relativePath}`;
    let found = cleaned.get(key);
    if (found === undefined) cleaned.set(key, (found = cleanRepository(services, repository)));
    return found;
  };
  // One repository's changes in their order; a repository has at most one open change, but a carried one may be repeated.
  for (const event of changes) {
    try {
      // Administration is recorded behind its change; whatever else is open is looked up.
      const repository = event.admin === undefined ? await clean(event.repository) : undefined;
      const outcome = await outcomeOf(git, repository, event);
      journal[outcome](event);
      services.onRecovered(event, outcome);
    } catch (error) {
      services.onFailed(event.repository, error);
    }
  }
  for (const work of works) {
    try {
      await clean(work.repository);
      journal.end(work);
    } catch (error) {
      services.onFailed(work.repository, error);
    }
  }
  await journal.flush();
}

async function outcomeOf(
  git: GitBackend,
  repository: LocatedRepository | undefined,
  event: ChangeEvent,
): Promise<"done" | "dropped"> {
  if (event.admin !== undefined) return "done";
  if (event.life !== undefined && event.changes.length === 0) {
    return (event.life.kind === "deleted") === (repository === undefined) ? "done" : "dropped";
  }
  return repository === undefined ? "dropped" : completeChange(git, repository, event);
}

/** Waits for orphaned children, then clears what the crash left; undefined when the repository is no longer there. */
async function cleanRepository(
  { locator }: RecoveryServices,
  ref: EventRepository,
): Promise<LocatedRepository | undefined> {
  let repository: LocatedRepository;
  try {
    repository = locator.find(ref);
  } catch (error) {
    const gone = ["storage_unknown", "storage_missing", "repository_not_found", "repository_invalid"] as const;
    if (gone.some((reason) => hasReason(error, reason))) return undefined;
    throw error;
  }
  await awaitQuiet(repository.gitDir, MOVES_REFERENCES, ORPHANS_MAX_MS);
  await clearLeftovers(repository.gitDir);
  return repository;
}
