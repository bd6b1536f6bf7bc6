import { ByteStringField, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { zeroOid } from "../../domain/oid.ts";
import { REFS_HEADS, problemOfRefName } from "../../domain/reference.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    branch: ByteStringField("Name of the new branch, without refs/heads/"),
    startPoint: ByteStringField("Any revision that leads to a commit"),
  },
  { additionalProperties: false },
);

/** Makes a branch at a commit. */
export const createBranch = defineOperation({
  name: "createBranch",
  summary: "Create a branch",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({ commitOid: OidField("The commit at the branch's tip") }),
  errors: [
    "revision_not_found",
    "invalid_reference_name",
    "reference_mismatch",
    "reference_name_conflict",
    "references_locked",
    "hook_rejected",
  ],
  examples: [{ title: "From the tip of main", input: { branch: "topic", startPoint: "main" } }],
  async run({ branch, startPoint }, { repository }) {
    const { git, view } = repository;
    const name = REFS_HEADS + branch;
    const commitOid = await repository.consistently(() => git.objects.resolve(view, startPoint, "commit"));
    if (commitOid === undefined) throw new OperationError("revision_not_found", { revision: startPoint });
    const problem = problemOfRefName(name);
    if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [name], problem });
    await repository.updateRefs({
      changes: [{ name, newOid: commitOid, expectedOid: zeroOid(repository.objectFormat) }],
      hooks: "receive",
    });
    return { commitOid };
  },
});
