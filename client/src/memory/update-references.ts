import { ValidationError } from "../errors.ts";
import type { UpdateReferences } from "../requests.ts";
import { toByteString } from "./byte-string.ts";
import type { MemoryRepository } from "./memory-repository.ts";

/** Moves all references or none. `ValidationError` for ids that are none, and when there is nothing to do. */
export function updateReferences(repository: MemoryRepository, { updates }: UpdateReferences): void {
  if (updates.length === 0) throw new ValidationError("no updates are given", { code: "INVALID_ARGUMENT" });
  const idLength = repository.objects.zeroId.length;
  const changes = updates.map(({ ref, oldId = "", newId }) => {
    for (const id of oldId === "" ? [newId] : [oldId, newId]) {
      if (id.length !== idLength || !/^[0-9a-f]+$/.test(id)) {
        const detail = { kind: "invalid_object_id", reference: ref };
        throw new ValidationError(`"${id}" is no object id`, { code: "INVALID_ARGUMENT", detail });
      }
    }
    return { name: toByteString(ref), newId, ...(oldId === "" ? {} : { expectedId: oldId }) };
  });
  repository.references.update(changes);
}
