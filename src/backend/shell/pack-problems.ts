import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";

const PROBLEMS_MAX = 32;
const PROBLEM_CHARACTERS_MAX = 400;

const MISSING = [
  /^fatal: bad object ([0-9a-f]+)/,
  /^(?:error|fatal): Could not read ([0-9a-f]+)/,
  /^fatal: unable to read (?:tree )?\(?([0-9a-f]{40,64})/,
  /^fatal: missing (?:blob|tree|commit|tag) object '?([0-9a-f]+)/,
  /^fatal: did not receive expected object ([0-9a-f]+)/,
  /^fatal: unable to get (?:type|size) of (?:object )?([0-9a-f]+)/,
];

/** The error that git's words about missing objects amount to. */
export function missingObjects(stderr: string | undefined, cause: unknown): OperationError | undefined {
  const oids = new Set<Oid>();
  for (const line of linesOf(stderr)) {
    for (const pattern of MISSING) {
      const oid = pattern.exec(line)?.[1];
      if (oid !== undefined) oids.add(oid);
    }
  }
  if (oids.size === 0) return undefined;
  return new OperationError("objects_missing", { oids: [...oids].slice(0, PROBLEMS_MAX) }, { cause });
}

const FSCK = /^error: (object [0-9a-f]+: [A-Za-z0-9]+: .*)$/;
/** What cannot even be parsed, or points at something of another type, has no message of fsck. */
const UNPARSEABLE =
  /^fatal: (invalid (commit|tree|tag|blob)|Not all child objects|object type mismatch|object [0-9a-f]+: expected type|object of unexpected type|Error on reachable objects)/;

/** The error that git's words about a pack amount to: objects that fsck refuses, objects that are missing, or the pack itself. */
export function packProblem(stderr: string | undefined, cause: unknown): OperationError | undefined {
  if (stderr === undefined) return undefined;
  const lines = linesOf(stderr);
  const problems = lines.flatMap((line) => FSCK.exec(line)?.[1] ?? []);
  if (problems.length > 0) return objectsInvalid([...new Set(problems)], cause);
  const missing = missingObjects(stderr, cause);
  if (missing !== undefined) return missing;
  const said = lines.find((line) => line.startsWith("fatal: ")) ?? lines.find((line) => line.startsWith("error: "));
  if (said === undefined) return undefined;
  if (UNPARSEABLE.test(said)) {
    const words = lines
      .filter((line) => /^(error|fatal): /.test(line))
      .map((line) => line.replace(/^(error|fatal): /, ""));
    return objectsInvalid(words, cause);
  }
  return packInvalid(said.replace(/^(fatal|error): /, ""), cause);
}

/** `objects_invalid` with git's own words, within bounds. */
export function objectsInvalid(problems: readonly string[], cause: unknown): OperationError {
  const bounded = problems.slice(0, PROBLEMS_MAX).map((problem) => problem.slice(0, PROBLEM_CHARACTERS_MAX));
  return new OperationError("objects_invalid", { problems: bounded }, { cause });
}

/** `pack_invalid` with git's own words, within bounds. */
export function packInvalid(problem: string, cause?: unknown): OperationError {
  return new OperationError("pack_invalid", { problem: problem.slice(0, PROBLEM_CHARACTERS_MAX) }, { cause });
}

/** Lines, those that progress was drawn over included. */
function linesOf(stderr: string | undefined): string[] {
  return (stderr ?? "").split(/[\r\n]+/);
}
