import { ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { zeroOid } from "../../domain/oid.ts";
import { REFS_TAGS } from "../../domain/reference.ts";
import { checkExpectedOid } from "../references/expected-oid.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    tag: ByteStringField("Name of the tag, without refs/tags/"),
    expectedOid: Maybe(OidField("What the tag must point to: the tag object, if it has one")),
  },
  { additionalProperties: false },
);

/** Deletes a tag. */
export const deleteTag = defineOperation({
  name: "deleteTag",
  summary: "Delete a tag",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({ oldOid: OidField("What the tag pointed to") }),
  errors: [
    "reference_not_found",
    "invalid_object_id",
    "object_not_found",
    "reference_mismatch",
    "references_locked",
    "hook_rejected",
  ],
  examples: [{ title: "A tag that does not exist", input: { tag: "gone" } }],
  async run({ tag, expectedOid }, { repository }) {
    const { git, view } = repository;
    const name = REFS_TAGS + tag;
    const expected = await checkExpectedOid(repository, expectedOid);
    const found = await repository.consistently(() => git.refs.read(view, name));
    if (found === undefined) throw new OperationError("reference_not_found", { reference: name });
    const oldOid = expected ?? found.oid;
    await repository.updateRefs({
      changes: [{ name, newOid: zeroOid(repository.objectFormat), expectedOid: oldOid }],
      hooks: "receive",
    });
    return { oldOid };
  },
});
