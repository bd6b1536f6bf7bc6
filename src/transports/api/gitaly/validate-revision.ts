import type { ByteString } from "../../../domain/bytes.ts";

/** What a revision may be besides the plain ones. */
export interface RevisionRules {
  /** `revision:path`; what stands behind the first colon is not looked at. */
  readonly pathAllowed?: boolean;
  /** `--all`, `--not`, `--branches[=]`, `--tags[=]`, `--glob=`. */
  readonly pseudoAllowed?: boolean;
}

const PSEUDO_REVISIONS: ReadonlySet<string> = new Set(["--all", "--not", "--branches", "--tags", "--alternate-refs"]);
const PSEUDO_PREFIXES = ["--branches=", "--tags=", "--glob="];

/** Says what is wrong with the form of a revision, in Gitaly's words; undefined for a good one. */
export function problemOfRevision(revision: ByteString, rules: RevisionRules = {}): string | undefined {
  if (rules.pseudoAllowed === true && isPseudoRevision(revision)) return undefined;
  const colon = rules.pathAllowed === true ? revision.indexOf(":") : -1;
  const plain = colon < 0 ? revision : revision.slice(0, colon);
  if (plain === "") return "empty revision";
  if (plain.startsWith("-")) return "revision can't start with '-'";
  for (let at = 0; at < plain.length; at++) {
    switch (plain.charCodeAt(at)) {
      case 0x00:
        return "revision can't contain NUL";
      case 0x20:
      case 0x09:
      case 0x0d:
      case 0x0a:
        return "revision can't contain whitespace";
      case 0x3a:
        return "revision can't contain ':'";
      case 0x5c:
        return "revision can't contain '\\'";
    }
  }
  return undefined;
}

function isPseudoRevision(revision: ByteString): boolean {
  return PSEUDO_REVISIONS.has(revision) || PSEUDO_PREFIXES.some((prefix) => revision.startsWith(prefix));
}
