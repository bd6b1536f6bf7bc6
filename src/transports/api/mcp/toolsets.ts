import { OperationError } from "../../../domain/errors.ts";
import { nearest } from "../../../domain/nearest.ts";
import type { DerivedOperation } from "../derived/derived-operation.ts";

/** The tools that agents get who ask for none in particular: a session's whole life, and reading. */
export const DEFAULT_TOOLSET = "default";
/** Every tool that the caller may use. */
export const ALL_TOOLSETS = "all";

/** What each toolset is for, and the nouns of the operations in it. */
const TOOLSETS: Readonly<Record<string, { readonly purpose: string; readonly nouns: readonly string[] }>> = {
  sessions: {
    purpose: "private worktrees: open, read, write, commit, push",
    nouns: ["sessions", "worktree", "status"],
  },
  staging: {
    purpose: "what of a session goes into the next commit, and what is thrown away",
    nouns: ["stage", "unstage", "staged", "discard", "reset"],
  },
  stashes: { purpose: "changes of a session put aside", nouns: ["stash"] },
  files: { purpose: "files at a revision: list, read, find, search", nouns: ["files", "blob", "search", "archive"] },
  history: {
    purpose: "commits, diffs, blame, comparisons",
    nouns: ["log", "blame", "commits", "diff", "diffs", "compare", "merge-base", "is-ancestor"],
  },
  merges: { purpose: "merges and rebases of branches", nouns: ["merge", "rebase"] },
  references: { purpose: "branches and tags", nouns: ["refs", "default-branch"] },
  repositories: {
    purpose: "repositories: list, make, rename, remove, describe, clone from elsewhere",
    nouns: ["repos", "rename", "description", "visibility", "clone"],
  },
  events: { purpose: "what has happened", nouns: ["events"] },
  access: { purpose: "collaborators and protected references", nouns: ["collaborators", "protections"] },
  accounts: { purpose: "users, keys, tokens", nouns: ["users", "keys", "tokens", "whoami"] },
  webhooks: { purpose: "webhooks and their deliveries", nouns: ["hooks"] },
  mirrors: { purpose: "mirrors to and from other servers", nouns: ["mirrors"] },
  config: { purpose: "configuration of repositories", nouns: ["config"] },
  maintenance: { purpose: "checks and garbage collection", nouns: ["gc", "fsck"] },
  server: { purpose: "the server itself", nouns: ["server", "settings", "backend", "signing-key"] },
};

/** The toolsets that are known before any operation is. */
export const TOOLSET_NAMES: ReadonlySet<string> = new Set(Object.keys(TOOLSETS));

const TOOLSET_OF_NOUN = new Map(
  Object.entries(TOOLSETS).flatMap(([name, { nouns }]) => nouns.map((noun) => [noun, name] as const)),
);

/** The toolset of an operation; a noun that nobody has sorted in is one by itself. */
export const toolsetOf = ({ noun }: DerivedOperation): string => TOOLSET_OF_NOUN.get(noun) ?? noun;

/** Each toolset with what it is for, as agents are told. */
export const describeToolsets = (): string =>
  Object.entries(TOOLSETS)
    .map(([name, { purpose }]) => `${name} (${purpose})`)
    .join("; ");

/** Which toolsets a text such as `default,history` names. Throws `invalid_input` for one that is not there. */
export function parseToolsets(text: string, known: ReadonlySet<string>): ReadonlySet<string> {
  const names = text.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  for (const name of names) {
    if (name === DEFAULT_TOOLSET || name === ALL_TOOLSETS || known.has(name)) continue;
    const near = nearest(name, [...known, DEFAULT_TOOLSET, ALL_TOOLSETS]);
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    throw new OperationError("invalid_input", { field: "toolsets", problem: `${name} is no toolset${hint}` });
  }
  return new Set(names.length === 0 ? [DEFAULT_TOOLSET] : names);
}
