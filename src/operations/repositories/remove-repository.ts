import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

/** Removes a repository with all that is in it. */
export const removeRepository = defineOperation({
  name: "removeRepository",
  summary: "Remove a repository",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "path",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({}),
  errors: ["repository_not_found", "repository_locked"],
  examples: [{ title: "A repository", input: {} }],
  tool: { destructive: true, advice: "Cannot be undone." },
  route: { method: "DELETE", path: "/repos/:repo", status: 204 },
  async run({ repository }, { identity, repositories, sessions, signal }) {
    await identity.repositories.remove(repository, () => repositories.remove(repository, signal));
    await sessions.removed(repository);
    return {};
  },
});
