import { type ByteString, encodeUtf8 } from "../../domain/bytes.ts";
import { hasReason, type OperationError } from "../../domain/errors.ts";
import { isZeroOid, type Oid } from "../../domain/oid.ts";
import { type Reason, REASONS } from "../../domain/reasons.ts";
import type { RefName } from "../../domain/reference.ts";
import type { PushCommand } from "../../wire/push-request.ts";

/** Why a command was refused: for the report, and for the user's eyes where there is more to say. */
export interface Refusal {
  readonly problem: ByteString;
  readonly explanation?: ByteString;
}

/** Words of git's own receive-pack, which its users and scripts know. */
export const FUNNY_REFNAME = "funny refname";
export const ATOMIC_FAILURE = "atomic push failure";
export const UNPACKER_ERROR = "unpacker error";
export const MISSING_OBJECTS = "missing necessary objects";
export const SHALLOW_UPDATE = "shallow update not allowed";
const FAILED = "failed to update ref";

/** The words for what the ref door says about a reference. */
export function refusalOf(error: OperationError, { name, oldOid, newOid }: PushCommand): Refusal {
  const locking = (why: string): Refusal => ({
    problem: FAILED,
    explanation: `cannot lock ref '${name}': ${why}`,
  });
  if (hasReason(error, "hook_rejected")) {
    if (error.details.hook === "pre-receive") return { problem: "pre-receive hook declined" };
    if (error.details.hook === "update") {
      return { problem: "hook declined", explanation: `hook declined to update ${name}` };
    }
    return { problem: FAILED, explanation: "ref updates aborted by hook" };
  }
  if (hasReason(error, "reference_mismatch")) {
    const { actual } = error.details;
    const problem = isZeroOid(newOid) ? "stale info" : "fetch first";
    if (isZeroOid(oldOid)) return { ...locking("reference already exists"), problem };
    if (isZeroOid(actual)) return { ...locking("unable to resolve reference"), problem };
    return { ...locking(`is at ${actual} but expected ${oldOid}`), problem };
  }
  if (hasReason(error, "reference_name_conflict")) {
    const { conflictsWith } = error.details;
    return locking(`'${conflictsWith}' exists; cannot create '${name}'`);
  }
  if (hasReason(error, "references_locked")) return locking("another process holds its lock; try again");
  if (hasReason(error, "not_a_commit")) {
    return { problem: FAILED, explanation: `trying to write non-commit object ${newOid} to branch '${name}'` };
  }
  if (hasReason(error, "object_not_found")) return { problem: MISSING_OBJECTS };
  if (hasReason(error, "invalid_reference_name")) return { problem: FUNNY_REFNAME };
  if (hasReason(error, "non_fast_forward")) return { problem: "non-fast-forward" };
  if (hasReason(error, "reference_protected")) {
    return { problem: "protected reference", explanation: encodeUtf8(`${error.details.problem}: `) + name };
  }
  return { problem: encodeUtf8(REASONS[error.reason].message) };
}

/** Is this the ref door's answer to some or all of the commands, and no failure of the server? */
export function isRefusal(error: OperationError): boolean {
  return REFUSALS.has(error.reason);
}

const REFUSALS: ReadonlySet<Reason> = new Set<Reason>([
  "hook_rejected",
  "reference_mismatch",
  "reference_name_conflict",
  "reference_repeated",
  "references_locked",
  "reference_protected",
  "non_fast_forward",
  "not_a_commit",
  "object_not_found",
  "invalid_reference_name",
  "forbidden",
]);

/** Is the command the one that the error is about? Where an error is about none it is about all. */
export function isAbout(error: OperationError, { name, newOid }: PushCommand): boolean {
  const details = error.details as Partial<{ reference: RefName; references: readonly RefName[]; oid: Oid }>;
  return details.reference === name || details.references?.includes(name) === true || details.oid === newOid;
}
