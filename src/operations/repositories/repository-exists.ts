import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { allows } from "../../domain/access-level.ts";

/** Tells whether a valid repository is there, as far as the caller may know. */
export const repositoryExists = defineOperation({
  name: "repositoryExists",
  summary: "Ask whether a repository exists",
  kind: "read",
  shape: "call",
  access: "server-read",
  target: "path",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({ exists: Type.Boolean() }),
  errors: [],
  examples: [{ title: "A repository", input: {} }],
  async run({ repository }, { caller, identity, repositories }) {
    const level = await identity.access.levelOf(caller.principal, repository);
    if (!allows(level, "read-only")) return { exists: false };
    return { exists: await repositories.exists(repository) };
  },
});
