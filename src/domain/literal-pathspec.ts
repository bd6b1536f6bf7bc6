import type { GitPath } from "./git-object.ts";

/** What would not mean itself as a pathspec. */
const SPECIAL = /^:|[*?[\\]/;

/** A pathspec that means this path and what is below it, whatever characters are in it (gitglossary(7), "pathspec"). */
export const literalPathspec = (path: GitPath): GitPath => (SPECIAL.test(path) ? `:(top,literal)${path}` : path);
