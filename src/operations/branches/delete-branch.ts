import { ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { zeroOid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { checkExpectedOid } from "../references/expected-oid.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    branch: ByteStringField("Name of the branch, without refs/heads/"),
    expectedOid: Maybe(OidField("What the branch must point to")),
  },
  { additionalProperties: false },
);

/** Deletes a branch. */
export const deleteBranch = defineOperation({
  name: "deleteBranch",
  summary: "Delete a branch",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({ oldOid: OidField("What the branch pointed to") }),
  errors: [
    "reference_not_found",
    "invalid_object_id",
    "object_not_found",
    "reference_mismatch",
    "references_locked",
    "hook_rejected",
  ],
  examples: [{ title: "A branch that does not exist", input: { branch: "gone" } }],
  async run({ branch, expectedOid }, { repository }) {
    const { git, view } = repository;
    const name = REFS_HEADS + branch;
    const expected = await checkExpectedOid(repository, expectedOid);
    const tip = await repository.consistently(() => git.refs.read(view, name));
    if (tip === undefined) throw new OperationError("reference_not_found", { reference: name });
    const oldOid = expected ?? tip.oid;
    await repository.updateRefs({
      changes: [{ name, newOid: zeroOid(repository.objectFormat), expectedOid: oldOid }],
      hooks: "receive",
    });
    return { oldOid };
  },
});
