import { OperationError } from "../../domain/errors.ts";
import type { AddonError } from "./addon.ts";

const DISK_FULL = new Set(["ENOSPC", "EDQUOT"]);

/** Is this an error of the addon, with the given code? */
export function hasAddonCode(error: unknown, code: string): error is AddonError {
  return error instanceof Error && (error as Partial<AddonError>).code === code;
}

/**
 * Turns an error of the addon into an OperationError. Facets that know better what a code means in their case look at it first;
 * what is not an error of the addon is returned as it is.
 */
export function translateError(error: unknown): unknown {
  if (error instanceof OperationError || !(error instanceof Error)) return error;
  const { code, errno, subject = "", message } = error as AddonError;
  const options = { cause: error, context: { addonCode: code, message } };
  switch (code) {
    case "not_found":
      return new OperationError("object_not_found", { oid: subject }, options);
    case "invalid":
      return new OperationError("invalid_input", { field: subject, problem: message }, options);
    case "corrupt":
      return new OperationError("object_corrupt", { oid: subject }, options);
    case "locked":
      return new OperationError("references_locked", { references: subject === "" ? [] : [subject] }, options);
    case "cancelled":
      return new OperationError("canceled", {}, options);
    case "unsupported":
      return new OperationError("unsupported", { what: message }, options);
    case "no_repository":
      return new OperationError("repository_invalid", { problem: message }, options);
    case "os":
      return errno !== undefined && DISK_FULL.has(errno)
        ? new OperationError("disk_full", {}, options)
        : new OperationError("internal", { what: "a file cannot be used" }, options);
    case "ambiguous":
    case "exists":
    case "conflict":
    case "mismatch":
    case "wrong_type":
    case "too_large":
    case "memory":
    case "internal":
      return new OperationError("internal", { what: `libgit2: ${code}` }, options);
    default:
      return error;
  }
}
