import { OperationError } from "./errors.ts";

/** Turns a full disk into its reason; everything else stays what it is. */
export function translateFileError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOSPC" || code === "EDQUOT" ? new OperationError("disk_full", {}, { cause: error }) : error;
}
