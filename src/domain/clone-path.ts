import { relativePathOf, repositoryNameOf } from "./repository-name.ts";

/**
 * Where the repository of a clone address may lie, the likeliest first: `/alice/myrepo`, `alice/myrepo/` and `alice/myrepo.git` are
 * `alice/myrepo.git`, or what a client of the Gitaly protocol has made as plain `alice/myrepo`. Undefined for what names none.
 */
export function relativePathsOfClonePath(path: string): { readonly usual: string; readonly plain: string } | undefined {
  const trimmed = path.replace(/^\/+/, "").replace(/\/+$/, "");
  const name = repositoryNameOf(trimmed);
  const segments = name.split("/");
  // What a shell or a file system would resolve is no name.
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) return undefined;
  if (name.includes("\0")) return undefined;
  return { usual: relativePathOf(name), plain: name };
}
