import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";

/** Words that stand for several revisions (git-rev-list(1)), the only ones that may begin with a dash. */
const PSEUDO = /^--(?:all|not|branches|tags|alternate-refs)$|^--(?:branches|tags|remotes|glob)=/;

/** How many bytes of revisions go on the command line; more go through stdin. */
const COMMAND_LINE_BYTES_MAX = 128 * 1024;

/** Revisions as arguments and input of `git rev-list [--stdin]`. */
export interface RevisionArguments {
  readonly flags: readonly ByteString[];
  readonly stdin?: Uint8Array;
}

/**
 * Passes revisions to `git rev-list`. They stand between its options and `--`, since `--not` counts by position and pseudo
 * revisions are options themselves; whatever else begins with a dash is refused. Many go through stdin, which before git 2.42
 * takes no options, so what stands after `--not` is negated here.
 */
export function revisionArguments(revisions: readonly ByteString[]): RevisionArguments {
  for (const revision of revisions) {
    const problem = problemOf(revision);
    if (problem !== undefined) throw new OperationError("invalid_revision", { revision, problem });
  }
  const size = revisions.reduce((sum, revision) => sum + revision.length + 1, 0);
  if (size <= COMMAND_LINE_BYTES_MAX) return { flags: revisions };
  const flags: ByteString[] = ["--stdin"];
  const lines: ByteString[] = [];
  let negated = false;
  for (const revision of revisions) {
    if (revision === "--not") {
      negated = !negated;
      flags.push(revision);
    } else if (revision.startsWith("-")) {
      flags.push(revision);
    } else {
      lines.push(negated ? negate(revision) : revision);
    }
  }
  // `--not` on the command line holds for stdin as well.
  if (negated) flags.push("--not");
  return { flags, stdin: Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1") };
}

function problemOf(revision: ByteString): string | undefined {
  if (revision === "") return "is empty";
  if (/[\0\n]/.test(revision)) return "contains NUL or a newline";
  if (revision.startsWith("-") && !PSEUDO.test(revision)) return "begins with a dash";
  return undefined;
}

function negate(revision: ByteString): ByteString {
  if (revision.includes("...")) {
    throw new OperationError("invalid_revision", { revision, problem: "is a symmetric difference after --not" });
  }
  if (revision.startsWith("^")) return revision.slice(1);
  const range = /^(.*)\.\.(.*)$/s.exec(revision);
  if (range === null) return `^${revision}`;
  return `${range[1] || "HEAD"}\n^${range[2] || "HEAD"}`;
}

/** What git says on stderr when it does not know a revision, with the name in quotes. */
const UNKNOWN =
  /^fatal: (?:bad revision|ambiguous argument|Invalid revision range|bad object|invalid object name) '?([^'\n]*)'?/m;
const UNKNOWN_OTHER =
  /^fatal: (?:Not a valid (?:object|commit) name|missing blob object|.*unknown revision|bad default revision)/m;

/** The error for a revision that git did not know; undefined when it was something else. */
export function unknownRevision(stderr: string | undefined, cause: unknown): OperationError | undefined {
  if (stderr === undefined) return undefined;
  const [, revision] = UNKNOWN.exec(stderr) ?? [];
  if (revision === undefined && !UNKNOWN_OTHER.test(stderr)) return undefined;
  return new OperationError("revision_not_found", { revision: revision ?? "" }, { cause });
}
