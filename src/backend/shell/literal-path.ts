import type { GitPath } from "../../domain/git-object.ts";

/** A pathspec that means this path and what is below it, whatever characters are in it (gitglossary(7), "pathspec"). */
export const literal = (path: GitPath): GitPath => `:(top,literal)${path}`;
