import { OperationError } from "../../../domain/errors.ts";

/** What a resource's address names. */
export interface ResourceAddress {
  readonly repo: string;
  readonly rev: string;
  /** Path of a file or a folder; empty for the root. A slash at its end means a folder. */
  readonly path: string;
}

const SHAPE = /^holdfast:\/\/([^/?#]+)\/([^/?#]+)\/([^?#]*)$/;

/** The template of all resources (RFC 6570). Names of repositories and revisions have their slashes escaped, paths have not. */
export const RESOURCE_TEMPLATE = "holdfast://{repo}/{rev}/{+path}";

/** `holdfast://alice%2Fdemo/main/docs/a.txt`. */
export function resourceUri({ repo, rev, path }: ResourceAddress): string {
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  return `holdfast://${encodeURIComponent(repo)}/${encodeURIComponent(rev)}/${escaped}`;
}

/** What an address names; undefined for what is none. */
export function parseResourceUri(uri: string): ResourceAddress | undefined {
  const [, repo, rev, path] = SHAPE.exec(uri) ?? [];
  if (repo === undefined || rev === undefined || path === undefined) return undefined;
  try {
    return {
      repo: decodeURIComponent(repo),
      rev: decodeURIComponent(rev),
      path: path.split("/").map(decodeURIComponent).join("/"),
    };
  } catch {
    return undefined;
  }
}

/** What an address names. Throws `invalid_input` for what is none. */
export function resourceAddress(uri: string): ResourceAddress {
  const address = parseResourceUri(uri);
  if (address !== undefined) return address;
  throw new OperationError("invalid_input", {
    field: "uri",
    problem: `is no address such as ${resourceUri({ repo: "alice/myrepo", rev: "main", path: "README.md" })}`,
  });
}
