import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { defaultBranch } from "./default-branch.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    headOnly: Maybe(
      Type.Boolean({ description: "Tell what HEAD names, even if it does not exist, and guess nothing" }),
    ),
  },
  { additionalProperties: false },
);

/** Finds the branch that a clone would check out; the answer is empty when there is none. */
export const findDefaultBranch = defineOperation({
  name: "findDefaultBranch",
  summary: "Find the default branch",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: Type.Object({ name: Maybe(ByteStringField("Full name of the branch")) }),
  errors: [],
  examples: [{ title: "Of a repository", input: {} }],
  run({ headOnly }, { repository }) {
    return repository.consistently(async () => {
      const name =
        headOnly === true ? (await repository.git.refs.head(repository.view)).target : await defaultBranch(repository);
      return name === undefined ? {} : { name };
    });
  },
});
