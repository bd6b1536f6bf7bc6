/** PostgreSQL's class 08 is about connections, 3D about a database that is not there, 53 about what has run out, 57P about a server that stops or starts. */
const UNAVAILABLE_STATE = /^(08|3D|53|57P)/;
const UNAVAILABLE_CODE =
  /^(ECONN|EPIPE$|ENOENT$|ETIMEDOUT$|EHOSTUNREACH$|ENETUNREACH$|ENOTFOUND$|EAI_AGAIN$|SQLITE_BUSY|SQLITE_FULL|SQLITE_IOERR)/;
/** pg says these without a code. */
const UNAVAILABLE_MESSAGE =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error)/;

const UNIQUE_VIOLATION = new Set(["SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"]);

const MISSING_REFERENCE = new Set(["SQLITE_CONSTRAINT_FOREIGNKEY", "23503"]);

/** Is the database out of reach, rather than the query wrong? */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const { code, message } = asError(error);
  return UNAVAILABLE_STATE.test(code) || UNAVAILABLE_CODE.test(code) || UNAVAILABLE_MESSAGE.test(message);
}

/** Does the row belong to one that is no longer there? */
export function isMissingReference(error: unknown): boolean {
  return MISSING_REFERENCE.has(asError(error).code);
}

/** Would the row have been the second of its kind? */
export function isUniqueViolation(error: unknown): boolean {
  return UNIQUE_VIOLATION.has(asError(error).code);
}

function asError(error: unknown): { code: string; message: string } {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "", message: typeof message === "string" ? message : "" };
}
