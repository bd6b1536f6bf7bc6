import type { ByteString } from "./bytes.ts";
import type { RefName } from "./reference.ts";

/** Where Holdfast keeps references of its own. */
export const REFS_HOLDFAST = "refs/holdfast/";

/** What no advertisement shows: references that keep objects alive, or belong to the server's own work. */
export const HIDDEN_FROM_FETCHES: readonly string[] = [
  "refs/keep-around/",
  "refs/remotes/",
  "refs/tmp/",
  REFS_HOLDFAST,
];

/** What no push may create, move or delete: they belong to the service that manages the repository, or to Holdfast. */
export const REFUSED_TO_PUSHES: readonly string[] = [
  "refs/keep-around/",
  "refs/merge-requests/",
  "refs/pipelines/",
  "refs/environments/",
  "refs/remotes/",
  "refs/tmp/",
  REFS_HOLDFAST,
];

/** Is the reference left out of advertisements? */
export function isHiddenFromFetches(name: RefName): boolean {
  return HIDDEN_FROM_FETCHES.some((prefix) => name.startsWith(prefix));
}

/** Is the reference refused to pushes? */
export function isRefusedToPushes(name: RefName): boolean {
  return REFUSED_TO_PUSHES.some((prefix) => name.startsWith(prefix));
}

/** Full ids; of a SHA-1 repository those of 64 digits are none, and name nothing. */
const FULL_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
/** The beginning of an id, alone or as `git describe` tells it. */
const BEGINNING_OF_ID = /(?:^|-g)[0-9a-f]{4,63}$/i;

/** What a revision begins with (gitrevisions(7)): the name or id that the rest goes on from. */
export const baseOfRevision = (revision: ByteString): ByteString => /^(?:(?!\^|~|:|@\{).)*/s.exec(revision)![0];

/** May a revision lead to what only hidden references hold, because it names one, guesses an id, or searches everywhere (`:/text`)? */
export function mayRevealHidden(revision: ByteString): boolean {
  const base = baseOfRevision(revision);
  if (base === "") return revision !== "";
  if (FULL_ID.test(base)) return false;
  return BEGINNING_OF_ID.test(base) || isHiddenFromFetches(base) || isHiddenFromFetches(`refs/${base}`);
}
