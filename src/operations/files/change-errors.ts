import type { Reason } from "../../domain/reasons.ts";

/** What every operation may fail with that makes a commit from changes to files. */
export const CHANGE_ERRORS: readonly Reason[] = [
  "invalid_path",
  "invalid_identity",
  "invalid_object_id",
  "invalid_reference_name",
  "reference_not_found",
  "revision_not_found",
  "file_mismatch",
  "reference_mismatch",
  "reference_name_conflict",
  "references_locked",
  "reference_protected",
  "hook_rejected",
  "signing_key_missing",
];
