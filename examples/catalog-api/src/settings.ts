import type { GitRepo } from "@holdfast/client";

/** What the cache follows: a branch, or the newest of the tags that match a pattern. */
export type Followed =
  | { readonly kind: "branch"; readonly branch: string }
  | { readonly kind: "tag"; readonly pattern: string };

/** How this API was configured. */
export interface Settings {
  /** Holdfast's port of the Gitaly protocol, `host:port`, and the secret for it. */
  readonly gitalyAddress: string;
  readonly gitalyToken: string | undefined;
  /** Holdfast's HTTP address, for its events, and a token for it. */
  readonly holdfastUrl: string;
  readonly holdfastToken: string | undefined;
  /** The repository that keeps the products. */
  readonly repo: GitRepo;
  /** Where products are written. */
  readonly branch: string;
  readonly followed: Followed;
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** How long to wait for Holdfast at the start, and how long a change may be tried, milliseconds. */
  readonly patienceMs: number;
}

/** Reads the environment. Throws an `Error` that names every mistake. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  const given = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === "" ? undefined : value;
  };
  const number = (name: string, otherwise: number, max: number): number => {
    const value = Number(given(name) ?? otherwise);
    if (!Number.isInteger(value) || value < 0 || value > max) problems.push(`${name} is not a number from 0 to ${max}`);
    return value;
  };
  const name = (given("CATALOG_REPO") ?? "shop/catalog").replace(/\.git$/, "");
  if (!/^[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*)*$/.test(name))
    problems.push("CATALOG_REPO is not a name such as shop/catalog");
  const branch = given("CATALOG_BRANCH") ?? "main";
  const followed = readFollowed(given("CATALOG_FOLLOW") ?? `branch:${branch}`);
  if (followed === undefined) problems.push("CATALOG_FOLLOW is neither branch:NAME nor tag:PATTERN");
  const settings = {
    gitalyAddress: given("HOLDFAST_GITALY_ADDRESS") ?? "127.0.0.1:8075",
    gitalyToken: given("HOLDFAST_GITALY_TOKEN"),
    holdfastUrl: given("HOLDFAST_URL") ?? "http://127.0.0.1:8080",
    holdfastToken: given("HOLDFAST_TOKEN"),
    repo: { storage: "default", relativePath: `${name}.git` },
    branch,
    host: given("HOST") ?? "127.0.0.1",
    port: number("PORT", 4000, 65_535),
    patienceMs: number("CATALOG_PATIENCE_MS", 30_000, 3_600_000),
  };
  if (followed === undefined || problems.length > 0) throw new Error(problems.join("; "));
  return { ...settings, followed };
}

function readFollowed(value: string): Followed | undefined {
  const [, kind, name = ""] = /^(branch|tag):(\S+)$/.exec(value) ?? [];
  if (kind === "branch") return { kind, branch: name };
  if (kind === "tag") return { kind, pattern: name };
  return undefined;
}
