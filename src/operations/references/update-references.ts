import { ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid } from "../../domain/oid.ts";
import { isFullRefName, problemOfRefName } from "../../domain/reference.ts";

const Change = Type.Object(
  {
    name: ByteStringField("Full name of the reference"),
    newOid: OidField("What it shall point to; zeros: delete it"),
    expectedOid: Maybe(OidField("What it must point to; zeros: it must not exist; absent: whatever is there")),
  },
  { additionalProperties: false },
);

const Input = Type.Object(
  { repository: RepositoryField, changes: Type.Array(Change) },
  { additionalProperties: false },
);

/** Changes any number of references, all or none. No receive hooks run. Symbolic references are followed. */
export const updateReferences = defineOperation({
  name: "updateReferences",
  summary: "Change references atomically",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({}),
  errors: [
    "invalid_reference_name",
    "invalid_object_id",
    "object_not_found",
    "not_a_commit",
    "reference_mismatch",
    "reference_name_conflict",
    "reference_repeated",
    "references_locked",
    "hook_rejected",
  ],
  examples: [
    {
      title: "Delete a reference that does not exist",
      input: { changes: [{ name: "refs/x/gone", newOid: "0".repeat(40) }] },
    },
  ],
  async run({ changes }, { repository }) {
    for (const change of changes) {
      if (!isFullRefName(change.name)) {
        const problem = problemOfRefName(change.name) ?? "is not below refs/";
        throw new OperationError("invalid_reference_name", { references: [change.name], problem });
      }
      if (change.expectedOid !== undefined && !isOid(change.expectedOid, repository.objectFormat)) {
        throw new OperationError("invalid_object_id", { value: change.expectedOid, field: "expectedOid" });
      }
      if (!isOid(change.newOid, repository.objectFormat)) {
        throw new OperationError("invalid_object_id", { value: change.newOid, field: "newOid" });
      }
    }
    await repository.updateRefs({ changes, hooks: "none" });
    return {};
  },
});
