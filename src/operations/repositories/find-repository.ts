import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

/** Finds a repository: fails as every operation on it would, or tells its object format. */
export const findRepository = defineOperation({
  name: "findRepository",
  summary: "Find a repository",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({ objectFormat: Type.Union([Type.Literal("sha1"), Type.Literal("sha256")]) }),
  errors: ["repository_not_found", "repository_invalid"],
  examples: [{ title: "A repository", input: {} }],
  async run(_input, { repository }) {
    return { objectFormat: repository.objectFormat };
  },
});
