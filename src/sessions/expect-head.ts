import type { SessionInfo } from "../contract/sessions.ts";
import { OperationError } from "../domain/errors.ts";
import { isFullOid, isZeroOid, type Oid } from "../domain/oid.ts";

/** Throws `reference_mismatch` where a session's head is not what its caller expects, `invalid_object_id` for what is no full id. */
export function expectHead({ headOid }: SessionInfo, expected: Oid | undefined): void {
  if (expected === undefined) return;
  if (!isFullOid(expected)) throw new OperationError("invalid_object_id", { value: expected, field: "expectedOid" });
  if (isZeroOid(expected) ? !isZeroOid(headOid) : headOid !== expected)
    throw new OperationError("reference_mismatch", { reference: "HEAD", expected, actual: headOid });
}
