import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { BranchField } from "./branch-item.ts";

const Input = Type.Object(
  { repository: RepositoryField, branch: ByteStringField("Name of the branch, without refs/heads/") },
  { additionalProperties: false },
);

/** Finds a branch by its name; the answer is empty when there is none, and an error when the name is a folder of branches. */
export const findBranch = defineOperation({
  name: "findBranch",
  summary: "Find a branch",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: Type.Object({ branch: Maybe(BranchField) }),
  errors: ["reference_ambiguous", "not_a_commit"],
  examples: [{ title: "main", input: { branch: "main" } }],
  async run({ branch }, { repository }) {
    const { git, view } = repository;
    const name = REFS_HEADS + branch;
    const reference = await git.refs.read(view, name);
    if (reference === undefined) {
      for await (const below of git.refs.list(view, { prefixes: [`${name}/`], peel: false })) {
        if (below.length > 0) throw new OperationError("reference_ambiguous", { reference: name });
      }
      return {};
    }
    const { oid } = reference;
    const [object, reader] = await Promise.all([git.objects.read(view, oid), CommitReader.open(repository)]);
    const commit = reader.parse(object);
    if (commit === undefined) throw new OperationError("not_a_commit", { oid }, { context: { reference: name } });
    return { branch: { name, commit } };
  },
});
