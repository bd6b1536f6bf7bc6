import { ByteStringField, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { zeroOid } from "../../domain/oid.ts";
import { checkChangeable, REFERENCE_CHANGE_ERRORS } from "./visible-reference.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    name: ByteStringField("Full name, such as refs/heads/topic or refs/tags/v1"),
    rev: RevField("What it shall point to"),
  },
  { additionalProperties: false },
);

/** Makes a reference that is not there yet. */
export const createReference = defineOperation({
  name: "createReference",
  summary: "Create a reference",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object(
    { name: ByteStringField("Full name"), oid: OidField("What it points to") },
    { additionalProperties: false },
  ),
  errors: [...REFERENCE_CHANGE_ERRORS, "reference_exists"],
  examples: [{ title: "A branch beside main", input: { name: "refs/heads/topic", rev: "main" } }],
  route: { method: "POST", path: "/repos/:repo/refs", status: 201 },
  async run({ name, rev }, { repository }) {
    const { git, view } = repository;
    checkChangeable(name);
    const oid = await git.objects.resolve(view, rev);
    if (oid === undefined) throw new OperationError("revision_not_found", { revision: rev });
    const standing = await repository.consistently(() => git.refs.read(view, name));
    if (standing !== undefined) throw new OperationError("reference_exists", { reference: name, oid: standing.oid });
    const expectedOid = zeroOid(repository.objectFormat);
    await repository.updateRefs({ changes: [{ name, newOid: oid, expectedOid }], hooks: "receive" });
    return { name, oid };
  },
});
