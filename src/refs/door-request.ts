import type { GitBackend, RepositoryView } from "../backend/backend.ts";
import type { Caller } from "../contract/principal.ts";
import { zeroOid } from "../domain/oid.ts";
import type { RefChange, RefName } from "../domain/reference.ts";
import type { ChangeFacts, EventChange } from "../events/journal-record.ts";
import type { LocatedRepository } from "../storage/repository-locator.ts";
import type { StagedRepository } from "../storage/stage-repository.ts";
import type { HookChange } from "./hooks.ts";
import { originOf } from "./record-life.ts";

/** Who wants what changed where. */
export interface DoorRequest {
  readonly repository: LocatedRepository;
  readonly git: GitBackend;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** A repository that nobody sees until its references have moved. */
  readonly staging?: StagedRepository | undefined;
}

/** A view that cancellation does not reach: what was begun under the lock is finished or undone in order. */
export function lastingView({ gitDir, objectFormat }: LocatedRepository): RepositoryView {
  return { gitDir, objectFormat };
}

/** Where the repository lies now: a staged one may have come to its place. */
export function placeOf({ repository, staging }: DoorRequest): RepositoryView {
  const { objectFormat } = repository;
  return { gitDir: staging?.isPublished ? staging.place.gitDir : repository.gitDir, objectFormat };
}

/** The changes with the old values that the caller expects, or finds now where he does not say. */
export async function claimedChanges(
  { git, repository }: DoorRequest,
  changes: readonly RefChange[],
): Promise<HookChange[]> {
  const view = lastingView(repository);
  const read = async (name: RefName) => (await git.refs.read(view, name))?.oid ?? zeroOid(repository.objectFormat);
  return Promise.all(
    changes.map(async ({ name, newOid, expectedOid }) => ({ name, newOid, oldOid: expectedOid ?? (await read(name)) })),
  );
}

/** What the journal is told of a change. */
export function factsOf({ repository, caller, staging }: DoorRequest, changes: readonly EventChange[]): ChangeFacts {
  return {
    repository: { storage: repository.storage.name, relativePath: repository.relativePath },
    changes,
    ...(staging !== undefined && !staging.isPublished ? { life: { kind: "created" } } : {}),
    ...originOf(caller),
  };
}
