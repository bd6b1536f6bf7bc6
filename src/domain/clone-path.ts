import { relativePathOf, repositoryNameOf } from "./repository-name.ts";

/** Where a repository may lie, the likeliest first. */
export interface ClonePlaces {
  readonly usual: string;
  readonly plain: string;
}

/** Most requests name what others have named before them. */
const KNOWN_MAX = 1_000;
const known = new Map<string, ClonePlaces>();

/**
 * Where the repository of a clone address may lie, the likeliest first: `/alice/myrepo`, `alice/myrepo/` and `alice/myrepo.git` are
 * `alice/myrepo.git`, or what a client of the Gitaly protocol has made as plain `alice/myrepo`. Undefined for what names none.
 */
export function relativePathsOfClonePath(path: string): ClonePlaces | undefined {
  const before = known.get(path);
  if (before !== undefined) return before;
  const places = placesOf(path);
  if (places === undefined) return undefined;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(path, places);
  return places;
}

function placesOf(path: string): ClonePlaces | undefined {
  const trimmed = path.replace(/^\/+/, "").replace(/\/+$/, "");
  const name = repositoryNameOf(trimmed);
  const segments = name.split("/");
  // What a shell or a file system would resolve is no name.
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) return undefined;
  if (name.includes("\0")) return undefined;
  return { usual: relativePathOf(name), plain: name };
}
