import { ByteStringField, ExpectedOldField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, zeroOid } from "../../domain/oid.ts";
import { checkDeletable } from "./check-deletable.ts";
import { checkChangeable, REFERENCE_CHANGE_ERRORS, visibleReference } from "./visible-reference.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    name: ByteStringField("Full name, such as refs/heads/topic"),
    expectedOid: Maybe(ExpectedOldField("What it points to now")),
  },
  { additionalProperties: false },
);

/** Deletes a reference. The default branch stays, unless a setting allows it. */
export const deleteReference = defineOperation({
  name: "deleteReference",
  summary: "Delete a reference",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({ oldOid: OidField("What it pointed to") }, { additionalProperties: false }),
  errors: REFERENCE_CHANGE_ERRORS,
  examples: [{ title: "A branch that does not exist", input: { name: "refs/heads/gone" } }],
  route: { method: "DELETE", path: "/repos/:repo/refs/:name", ifMatch: "expectedOid" },
  async run({ name, expectedOid }, ctx) {
    const { repository } = ctx;
    checkChangeable(name);
    if (expectedOid !== undefined && !isOid(expectedOid, repository.objectFormat))
      throw new OperationError("invalid_object_id", { value: expectedOid, field: "expectedOid" });
    const { oid } = await visibleReference(ctx, name);
    await checkDeletable(ctx, name);
    await repository.updateRefs({
      changes: [{ name, newOid: zeroOid(repository.objectFormat), expectedOid: expectedOid ?? oid }],
      hooks: "receive",
    });
    return { oldOid: oid };
  },
});
