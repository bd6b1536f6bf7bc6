import { Maybe, OidField } from "../../contract/fields.ts";
import type { OpenSession } from "../../contract/sessions.ts";
import { blobOid } from "../../domain/blob-oid.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { isFullOid, isZeroOid, type Oid } from "../../domain/oid.ts";

/** What a safe write in a session expects: that its head is what the caller has seen. */
export const ExpectedHeadField = Maybe(OidField("The session's head now; zeros: it has no commit yet"));

/** What a safe edit of a worktree's file expects: that the file, or the session's head, is what the caller has seen. */
export const ExpectedFileField = Maybe(
  OidField("What is there now: the file's oid, or the session's head; zeros for a file that must not exist"),
);

/** What an operation that is told what to expect may fail with. */
export const EXPECTED_HEAD_ERRORS = ["reference_mismatch", "invalid_object_id"] as const;
export const EXPECTED_FILE_ERRORS = ["file_mismatch", "invalid_object_id"] as const;

/** Throws `file_mismatch` when neither the file nor the session's head is what was expected, `invalid_object_id` for what is no full id. */
export async function expectSessionFile(
  { files, info, view }: OpenSession,
  path: GitPath,
  expected: Oid | undefined,
  bytesMax: number,
): Promise<void> {
  if (expected === undefined) return;
  if (!isFullOid(expected)) throw new OperationError("invalid_object_id", { value: expected, field: "expectedOid" });
  if (!isZeroOid(expected) && expected === info.headOid) return;
  const actual = await oidAt(files, path, bytesMax, view.objectFormat);
  if (isZeroOid(expected) ? actual === undefined : actual === expected) return;
  throw new OperationError("file_mismatch", { path, expected, actual: actual ?? expected.replaceAll(/./g, "0") });
}

/** The id that a file of the worktree has; undefined where there is none. */
async function oidAt(
  files: OpenSession["files"],
  path: GitPath,
  bytesMax: number,
  format: OpenSession["view"]["objectFormat"],
): Promise<Oid | undefined> {
  try {
    return await blobOid((await files.read(path, bytesMax)).content, format);
  } catch (error) {
    if (hasReason(error, "path_not_found")) return undefined;
    throw error;
  }
}
