import { OperationError } from "../../domain/errors.ts";
import { hasAddonCode } from "./translate-error.ts";

/** What walks say of a revision that does not exist; other errors as they are. */
export function revisionError(error: unknown): unknown {
  const cause = error instanceof OperationError ? error.cause : error;
  if (!hasAddonCode(cause, "not_found")) return error;
  return new OperationError("revision_not_found", { revision: cause.subject ?? "" }, { cause });
}
