import type { GitBackend, RepositoryView } from "../backend/backend.ts";
import type { Caller } from "../contract/principal.ts";
import { type Oid, zeroOid } from "../domain/oid.ts";
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
  const unknown = changes.filter(({ expectedOid }) => expectedOid === undefined).map(({ name }) => name);
  const found = await currentValues(git, lastingView(repository), unknown);
  const none = zeroOid(repository.objectFormat);
  return changes.map(({ name, newOid, expectedOid }) => ({
    name,
    newOid,
    oldOid: expectedOid ?? found.get(name) ?? none,
  }));
}

/** From so many names on all references are read at once: that is cheaper than one by one. */
const LISTED_MIN = 16;

/** Values of references; those that do not exist are left out. */
async function currentValues(
  git: GitBackend,
  view: RepositoryView,
  names: readonly RefName[],
): Promise<Map<RefName, Oid>> {
  const values = new Map<RefName, Oid>();
  const many = names.length >= LISTED_MIN && names.every((name) => name.startsWith("refs/"));
  if (!many) {
    for (const name of names) {
      const reference = await git.refs.read(view, name);
      if (reference !== undefined) values.set(name, reference.oid);
    }
    return values;
  }
  const wanted = new Set(names);
  for await (const batch of git.refs.list(view, { prefixes: [], peel: false })) {
    for (const { name, oid } of batch) if (wanted.has(name)) values.set(name, oid);
  }
  return values;
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
