import type { Sessions } from "../contract/sessions.ts";
import { OperationError } from "../domain/errors.ts";

/** Makes worktree sessions. */
export function openSessions(): Sessions {
  const missing = (): never => {
    throw new OperationError("unimplemented", { what: "sessions" });
  };
  return {
    open: missing,
    find: missing,
    list: missing,
    renew: missing,
    close: missing,
    reading: missing,
    readingStream: missing,
    writing: missing,
    keepIndexes: missing,
  };
}
