import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

/** Gives a repository another path. */
export const renameRepository = defineOperation({
  name: "renameRepository",
  summary: "Rename a repository",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "path",
  input: Type.Object({ repository: RepositoryField, newRepository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({}),
  errors: ["repository_not_found", "repository_exists", "repository_locked"],
  examples: [
    { title: "Within a storage", input: { newRepository: { storage: "default", relativePath: "renamed.git" } } },
  ],
  async run({ repository, newRepository }, { repositories, signal }) {
    await repositories.rename(repository, newRepository, signal);
    return {};
  },
});
