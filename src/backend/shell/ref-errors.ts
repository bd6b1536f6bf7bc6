import { OperationError } from "../../domain/errors.ts";
import { isZeroOid, type Oid, zeroOid } from "../../domain/oid.ts";
import type { RefChange, RefName } from "../../domain/reference.ts";
import { stderrOf } from "./run-git.ts";

const OID = "[0-9a-f]{40,64}";
// A name holds neither a space nor a colon, so it ends where git's sentence goes on.
const NAME = "[^ :]+";

const LOCKED_ONE = new RegExp(`cannot lock ref '(${NAME})': Unable to create '[^]*\\.lock': File exists`);
const LOCKED_ALL = /Unable to create '[^]*\.lock': File exists|unable to create file [^]*packed-refs\.new: File exists/;
const IS_AT = new RegExp(`cannot lock ref '(${NAME})': is at (${OID}) but expected (${OID})`);
const EXISTS = new RegExp(`cannot lock ref '(${NAME})': reference already exists`);
const MISSING = new RegExp(`cannot lock ref '(${NAME})': (?:reference is missing|unable to resolve reference)`);
const IN_THE_WAY = new RegExp(`'(${NAME})' exists; cannot create '(${NAME})'`);
const FOLDER_IN_THE_WAY = new RegExp(`there is a non-empty directory '[^]*' blocking reference '(${NAME})'`);
const TOGETHER = new RegExp(`cannot process '(${NAME})' and '(${NAME})' at the same time`);
const REPEATED = new RegExp(`multiple updates for (?:ref )?'(${NAME})'`);
const NOT_A_COMMIT = new RegExp(`trying to write non-commit object (${OID}) to branch`);
const NO_OBJECT = new RegExp(`trying to write ref '${NAME}' with nonexistent object (${OID})`);
const NAME_TOO_LONG = new RegExp(`cannot lock ref '(${NAME})': [^]*: File name too long`);
/** A lock that was made and could take no line: git does not say why (files-backend.c). */
const NOT_WRITTEN = /couldn't write '[^]*\.lock'/;
const BAD_NAME = /invalid ref format: ([^\n]*)|refusing to update ref with bad name '([^\n]*)'/;

/** What a failed `update-ref` transaction means, read from git's stderr; the error itself when it says nothing known. */
export function refError(error: unknown, changes: readonly RefChange[]): unknown {
  const stderr = stderrOf(error);
  if (stderr === undefined) return error;
  const options = { cause: error };
  const find = (pattern: RegExp) => pattern.exec(stderr);
  let found: RegExpExecArray | null;
  if ((found = find(LOCKED_ONE))) return new OperationError("references_locked", { references: [found[1]!] }, options);
  if ((found = find(IS_AT))) return mismatch(found[1]!, found[3]!, found[2]!, error);
  if ((found = find(EXISTS))) return mismatch(found[1]!, zeroLike(changes), UNKNOWN_OID, error);
  if ((found = find(MISSING))) {
    const expected = changes.find(({ name }) => name === found![1])?.expectedOid;
    return mismatch(found[1]!, expected ?? zeroLike(changes), zeroLike(changes), error);
  }
  if ((found = find(IN_THE_WAY))) return conflict(found[2]!, found[1]!, error);
  if ((found = find(TOGETHER))) return conflict(found[1]!, found[2]!, error);
  if ((found = find(FOLDER_IN_THE_WAY))) return conflict(found[1]!, `${found[1]!}/`, error);
  if ((found = find(REPEATED))) return new OperationError("reference_repeated", { reference: found[1]! }, options);
  if ((found = find(NOT_A_COMMIT))) return new OperationError("not_a_commit", { oid: found[1]! }, options);
  if ((found = find(NO_OBJECT))) return new OperationError("object_not_found", { oid: found[1]! }, options);
  if ((found = find(BAD_NAME) ?? find(NAME_TOO_LONG))) {
    const references = [found[1] ?? found[2] ?? ""];
    return new OperationError("invalid_reference_name", { references, problem: "is refused by git" }, options);
  }
  if (find(NOT_WRITTEN)) return new OperationError("disk_full", {}, options);
  if (find(LOCKED_ALL))
    return new OperationError("references_locked", { references: changes.map(({ name }) => name) }, options);
  return error;
}

/** Stands for a value that git's message does not tell. */
export const UNKNOWN_OID: Oid = "";

function mismatch(reference: RefName, expected: Oid, actual: Oid, cause: unknown): OperationError {
  return new OperationError("reference_mismatch", { reference, expected, actual }, { cause });
}

function conflict(reference: RefName, conflictsWith: RefName, cause: unknown): OperationError {
  return new OperationError("reference_name_conflict", { reference, conflictsWith }, { cause });
}

function zeroLike(changes: readonly RefChange[]): Oid {
  const oid = changes[0]?.newOid ?? "";
  return isZeroOid(oid) ? oid : zeroOid(oid.length === 64 ? "sha256" : "sha1");
}
