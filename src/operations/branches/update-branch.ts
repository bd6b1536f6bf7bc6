import { ByteStringField, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid } from "../../domain/oid.ts";
import { REFS_HEADS, problemOfRefName } from "../../domain/reference.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    branch: ByteStringField("Name of the branch, without refs/heads/"),
    oldOid: OidField("What the branch must point to; zeros: it must not exist"),
    newOid: OidField("What it shall point to; zeros: delete it"),
  },
  { additionalProperties: false },
);

/** Moves, creates or deletes a branch if it is where the caller expects it. */
export const updateBranch = defineOperation({
  name: "updateBranch",
  summary: "Move a branch",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({}),
  errors: [
    "invalid_object_id",
    "object_not_found",
    "invalid_reference_name",
    "reference_mismatch",
    "reference_name_conflict",
    "references_locked",
    "not_a_commit",
    "hook_rejected",
  ],
  examples: [
    {
      title: "Delete a branch that does not exist",
      input: { branch: "gone", oldOid: "0".repeat(40), newOid: "0".repeat(40) },
    },
  ],
  async run({ branch, oldOid, newOid }, { repository }) {
    for (const [field, value] of Object.entries({ newOid, oldOid })) {
      if (!isOid(value, repository.objectFormat)) throw new OperationError("invalid_object_id", { value, field });
    }
    const name = REFS_HEADS + branch;
    const problem = problemOfRefName(name);
    if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [name], problem });
    await repository.updateRefs({ changes: [{ name, newOid, expectedOid: oldOid }], hooks: "receive" });
    return {};
  },
});
