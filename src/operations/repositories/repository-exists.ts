import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

/** Tells whether a valid repository is there. */
export const repositoryExists = defineOperation({
  name: "repositoryExists",
  summary: "Ask whether a repository exists",
  kind: "read",
  shape: "call",
  access: "read",
  target: "path",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({ exists: Type.Boolean() }),
  errors: [],
  examples: [{ title: "A repository", input: {} }],
  async run({ repository }, { repositories }) {
    return { exists: await repositories.exists(repository) };
  },
});
