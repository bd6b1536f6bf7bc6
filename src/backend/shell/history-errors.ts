import { OperationError } from "../../domain/errors.ts";
import { stderrOf } from "./run-git.ts";

const MISSING = /^fatal: Not a valid commit name ([0-9a-f]+)|^fatal: .*bad object ([0-9a-f]+)/m;

/** The error that git's words about a commit that is not there amount to. */
export function missingCommit(error: unknown): OperationError | undefined {
  const [, named, bad] = MISSING.exec(stderrOf(error) ?? "") ?? [];
  const oid = named ?? bad;
  return oid === undefined ? undefined : new OperationError("object_not_found", { oid }, { cause: error });
}

const PATTERN = /^fatal: (header|command line), '[^]*': (.*)$/m;

/** The error that git's words about a regular expression amount to: one for authors, or one for messages. */
export function invalidPattern(error: unknown): OperationError | undefined {
  const [, origin, problem] = PATTERN.exec(stderrOf(error) ?? "") ?? [];
  if (origin === undefined || problem === undefined) return undefined;
  const field = origin === "header" ? "author" : "message";
  return new OperationError("invalid_input", { field, problem }, { cause: error });
}
