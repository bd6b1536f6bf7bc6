import { ByteStringField, ExpectedOldField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { zeroOid } from "../../domain/oid.ts";
import { checkChangeable, REFERENCE_CHANGE_ERRORS, visibleReference } from "./visible-reference.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    name: ByteStringField("Full name, such as refs/heads/topic"),
    newName: ByteStringField("Full name that it shall have; nothing may have it"),
    expectedOid: Maybe(ExpectedOldField("What it points to now")),
  },
  { additionalProperties: false },
);

/** Gives a reference another name, in one change. HEAD follows its branch; who renames that one must be allowed to set the default branch. */
export const renameReference = defineOperation({
  name: "renameReference",
  summary: "Rename a reference",
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
  examples: [{ title: "A branch that does not exist", input: { name: "refs/heads/gone", newName: "refs/heads/new" } }],
  route: { method: "POST", path: "/repos/:repo/refs/:name/rename", ifMatch: "expectedOid" },
  async run({ name, newName, expectedOid }, ctx) {
    const { repository } = ctx;
    const { git, view } = repository;
    checkChangeable(name);
    checkChangeable(newName);
    const { oid } = await visibleReference(ctx, name);
    if (expectedOid !== undefined && expectedOid !== oid)
      throw new OperationError("reference_mismatch", { reference: name, expected: expectedOid, actual: oid });
    const [standing, head] = await repository.consistently(() =>
      Promise.all([git.refs.read(view, newName), git.refs.head(view)]),
    );
    if (standing !== undefined) throw new OperationError("reference_exists", { reference: newName, oid: standing.oid });
    const zero = zeroOid(repository.objectFormat);
    const create = { name: newName, newOid: oid, expectedOid: zero };
    const remove = { name, newOid: zero, expectedOid: oid };
    const isDefault = head.target === name;
    // It says which branch is the default one, as `setDefaultBranch` does.
    if (isDefault) await ctx.requireAdmin();
    await repository.updateRefs({
      changes: [create, remove],
      ...(isDefault && { head: { from: name, to: newName } }),
      hooks: "receive",
    });
    return { name: newName, oid };
  },
});
