import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { isFullOid, isZeroOid, type Oid } from "../../domain/oid.ts";
import { Maybe, OidField } from "../../contract/fields.ts";
import type { ChangedBranch } from "../commits/commit-changes.ts";

/** What a safe edit expects: that the file, or the branch, is what the caller has seen. */
export const ExpectedOidField = Maybe(
  OidField("What is there now: the file's blob, or the branch's commit; zeros for a file that must not exist"),
);

/** Throws `file_mismatch` when neither the file nor the branch is what was expected, `invalid_object_id` for what is no full id. */
export async function expectFile(
  { tree, tip }: ChangedBranch,
  path: GitPath,
  expected: Oid | undefined,
): Promise<void> {
  if (expected === undefined) return;
  if (!isFullOid(expected)) throw new OperationError("invalid_object_id", { value: expected, field: "expectedOid" });
  if (expected === tip) return;
  const standing = await tree.at(path);
  const actual = standing?.kind === "file" ? standing.oid : undefined;
  if (isZeroOid(expected) ? standing === undefined : actual === expected) return;
  throw new OperationError("file_mismatch", { path, expected, actual: actual ?? expected.replaceAll(/./g, "0") });
}
