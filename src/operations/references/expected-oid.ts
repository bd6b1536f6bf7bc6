import type { OpenRepository } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";

/**
 * Checks an expected old value given by a caller: a full id of an object that exists. Throws `invalid_object_id` or
 * `object_not_found` with field `expectedOid`.
 */
export async function checkExpectedOid(repository: OpenRepository, value: Oid | undefined): Promise<Oid | undefined> {
  if (value === undefined) return undefined;
  if (!isOid(value, repository.objectFormat))
    throw new OperationError("invalid_object_id", { value, field: "expectedOid" });
  const object = await repository.git.objects.info(repository.view, value);
  if (object === undefined) throw new OperationError("object_not_found", { oid: value, field: "expectedOid" });
  return value;
}
