import { relativePathsOfClonePath } from "../../../domain/clone-path.ts";
import { OperationError } from "../../../domain/errors.ts";
import { isReservedSegment, problemOfRepositoryName, repositoryNameOf } from "../../../domain/repository-name.ts";

/** What follows the repository in an address (gitprotocol-http(5)); the rest is of the dumb protocol, which is refused. */
export type GitResource = "info/refs" | "git-upload-pack" | "git-receive-pack" | "other";

/** An address below which git looks for a repository. */
export interface GitAddress {
  /** The path of the repository, as in its clone address, percent-encoded, not checked yet. */
  readonly path: string;
  readonly resource: GitResource;
}

const RESOURCE = "(info/refs|git-upload-pack|git-receive-pack|git-upload-archive|HEAD|objects/.*|info/.*)";
const BELOW_GIT = new RegExp(`^/git/(.*?)/${RESOURCE}$`);
const WITH_SUFFIX = new RegExp(`^/(.*?\\.git)/${RESOURCE}$`);
const SERVED: ReadonlySet<string> = new Set<GitResource>(["info/refs", "git-upload-pack", "git-receive-pack"]);

/** Reads the path of a URL: `/git/alice/myrepo/…` and `/alice/myrepo.git/…`. Undefined for an address that is none of git's. */
export function gitAddressOf(pathname: string): GitAddress | undefined {
  const below = pathname.startsWith("/git/");
  if (!below && (!pathname.includes(".git/") || isReservedSegment(pathname.split("/", 2)[1] ?? ""))) return undefined;
  const [, path, resource = ""] = (below ? BELOW_GIT : WITH_SUFFIX).exec(pathname) ?? [];
  if (path === undefined) return undefined;
  return { path, resource: SERVED.has(resource) ? (resource as GitResource) : "other" };
}

/** Where the repository may lie, the likeliest first. Throws `invalid_input` for names that people may not give to repositories. */
export function placesOf(encoded: string): { readonly name: string; readonly usual: string; readonly plain: string } {
  const path = decoded(encoded);
  const places = relativePathsOfClonePath(path);
  const name = places?.plain ?? repositoryNameOf(path);
  const problem = problemOfRepositoryName(name);
  if (places !== undefined && problem === undefined) return { name, ...places };
  throw new OperationError("malformed_request", { part: "repository", problem: problem ?? "is no name" });
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new OperationError("malformed_request", { part: "url", problem: "its percent-encoding is broken" });
  }
}
