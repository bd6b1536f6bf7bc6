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
