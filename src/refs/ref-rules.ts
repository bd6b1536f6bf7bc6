import type { RefName } from "../domain/reference.ts";
import { compileWildmatch, isPattern } from "../domain/wildmatch.ts";

/** Does a name fit one of the patterns? */
export type RefMatcher = (name: RefName) => boolean;

/**
 * Compiles patterns that decide what may be changed: a full name, a directory of names, or a glob in which `*` stands for slashes
 * too, as in refspecs (git-fetch(1)): `refs/heads/*` is every branch.
 */
export function compileRefRules(patterns: readonly RefName[]): RefMatcher {
  const matchers = patterns.map(compileOne);
  return (name) => matchers.some((matches) => matches(name));
}

function compileOne(pattern: RefName): RefMatcher {
  if (isPattern(pattern)) return compileWildmatch(pattern, { pathname: false });
  const directory = pattern.endsWith("/") ? pattern : `${pattern}/`;
  return (name) => name === pattern || name.startsWith(directory);
}
