import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { PackedRefusal } from "./ref-functions.ts";

const OID_BYTES = 20;
const NAMES_AT = 1 + 2 * OID_BYTES;

/** Kinds of refusals, as native/ref_transaction.h counts them. */
const KIND = { locked: 1, mismatch: 2, nameConflict: 3, repeated: 4, noObject: 5, notACommit: 6, name: 7 } as const;

/** The error that says why references were not changed. */
export function refusalError(refusal: PackedRefusal): OperationError {
  const first = refusal.toString("hex", 1, 1 + OID_BYTES);
  const second = refusal.toString("hex", 1 + OID_BYTES, NAMES_AT);
  const names = readNames(refusal);
  const [reference = "", conflictsWith = ""] = names;
  switch (refusal[0]) {
    case KIND.locked:
      return new OperationError("references_locked", { references: names });
    case KIND.mismatch:
      return new OperationError("reference_mismatch", { reference, expected: first, actual: second });
    case KIND.nameConflict:
      return new OperationError("reference_name_conflict", { reference, conflictsWith });
    case KIND.repeated:
      return new OperationError("reference_repeated", { reference });
    case KIND.noObject:
      return new OperationError("object_not_found", { oid: first });
    case KIND.notACommit:
      return new OperationError("not_a_commit", { oid: first });
    case KIND.name:
      return new OperationError("invalid_reference_name", { references: names, problem: "is refused by git" });
    default:
      return new OperationError("internal", { what: "a refusal of unknown kind" });
  }
}

function readNames(refusal: PackedRefusal): ByteString[] {
  const names: ByteString[] = [];
  for (let at = NAMES_AT; at + 4 <= refusal.length;) {
    const end = at + 4 + refusal.readUInt32LE(at);
    names.push(refusal.toString("latin1", at + 4, end));
    at = end;
  }
  return names;
}
