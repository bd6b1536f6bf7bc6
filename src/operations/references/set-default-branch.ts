import { ByteStringField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { problemOfRefName, REFS_HEADS } from "../../domain/reference.ts";
import { defaultBranch } from "./default-branch.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    branch: ByteStringField("Name of the branch, without refs/heads/"),
  },
  { additionalProperties: false },
);

/** Points HEAD at a branch. It must exist, unless the repository has no branch at all. */
export const setDefaultBranch = defineOperation({
  name: "setDefaultBranch",
  summary: "Set the default branch",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Input,
  output: Type.Object({}),
  errors: ["invalid_reference_name", "reference_not_found"],
  examples: [{ title: "To a branch that does not exist", input: { branch: "gone" } }],
  route: { method: "PUT", path: "/repos/:repo/default-branch", status: 204 },
  async run({ branch }, { repository }) {
    const { git, view } = repository;
    const name = REFS_HEADS + branch;
    const problem = problemOfRefName(name);
    if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [name], problem });
    const mayBeSet = await repository.consistently(
      async () => (await git.refs.read(view, name)) !== undefined || (await defaultBranch(repository)) === undefined,
    );
    if (!mayBeSet) throw new OperationError("reference_not_found", { reference: name });
    await repository.setHead(name);
    return {};
  },
});
