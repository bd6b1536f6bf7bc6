import { pascalCase } from "./message-types.ts";

/**
 * Routes whose first word is a verb, or one of several words for a noun: what their service is called. A service is a name that programs keep;
 * what is not here has its own.
 */
const NOUNS: Readonly<Record<string, string>> = {
  repos: "repositories",
  archive: "repositories",
  "default-branch": "repositories",
  description: "repositories",
  fsck: "repositories",
  gc: "repositories",
  rename: "repositories",
  visibility: "repositories",
  clone: "clones",
  refs: "references",
  blame: "files",
  blob: "files",
  search: "files",
  compare: "commits",
  "is-ancestor": "commits",
  "last-commits": "commits",
  log: "commits",
  "merge-base": "commits",
  diff: "diffs",
  merge: "merges",
  rebase: "merges",
  discard: "worktree",
  reset: "worktree",
  stage: "worktree",
  staged: "worktree",
  status: "worktree",
  unstage: "worktree",
  hooks: "webhooks",
  whoami: "users",
  backend: "server",
  settings: "server",
  "signing-key": "server",
};

/** The service of operations about a noun: `FilesService` has blobs as well. */
export const serviceOf = (noun: string): string => `${pascalCase(NOUNS[noun] ?? noun)}Service`;
