import type { ByteString } from "./bytes.ts";
import type { RefName } from "./reference.ts";
import { compileWildmatch, isPattern, literalPrefix } from "./wildmatch.ts";

/** Patterns of git-for-each-ref(1), compiled: where to look, and what to keep of what is found there. */
export interface RefPatterns {
  /** Beginnings of names that hold every match, none a beginning of another; empty when a match can be anywhere. */
  readonly prefixes: readonly string[];
  matches(name: RefName): boolean;
}

/**
 * Compiles patterns: one names a reference, or a directory of them (with or without a slash at its end), or is a glob of whole
 * names. A name that fits one of them fits.
 */
export function compileRefPatterns(patterns: readonly ByteString[]): RefPatterns {
  const matchers = patterns.filter((pattern) => pattern !== "").map(compileOne);
  return {
    prefixes: distinctPrefixes(patterns),
    matches: (name) => matchers.some((matches) => matches(name)),
  };
}

function compileOne(pattern: ByteString): (name: RefName) => boolean {
  const directory = pattern.endsWith("/") ? pattern : `${pattern}/`;
  if (!isPattern(pattern)) return (name) => name === pattern || name.startsWith(directory);
  const glob = compileWildmatch(pattern, { pathname: true });
  return (name) => glob(name) || name === pattern || name.startsWith(directory);
}

function distinctPrefixes(patterns: readonly ByteString[]): string[] {
  const prefixes: string[] = [];
  for (const prefix of patterns.map(literalPrefix).toSorted()) {
    if (prefixes.length === 0 || !prefix.startsWith(prefixes.at(-1)!)) prefixes.push(prefix);
  }
  return prefixes[0] === "" ? [] : prefixes;
}
