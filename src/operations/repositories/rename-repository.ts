import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { RepositoryItem, repositoryItem } from "./repository-item.ts";

/** Gives a repository another path, one that the caller could make it at. What is known of it moves along. */
export const renameRepository = defineOperation({
  name: "renameRepository",
  summary: "Rename a repository",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "path",
  input: Type.Object({ repository: RepositoryField, newRepository: RepositoryField }, { additionalProperties: false }),
  output: RepositoryItem,
  errors: ["repository_not_found", "repository_exists", "repository_locked", "forbidden", "invalid_input"],
  examples: [
    { title: "Within a storage", input: { newRepository: { storage: "default", relativePath: "renamed.git" } } },
  ],
  tool: { destructive: false },
  route: { method: "POST", path: "/repos/:repo/rename" },
  async run({ repository, newRepository }, { caller, identity, repositories, sessions, signal }) {
    if (!(await identity.access.mayCreate(caller.principal, newRepository)))
      throw new OperationError("forbidden", { operation: "renameRepository" });
    await identity.repositories.rename(repository, newRepository, caller.principal, () =>
      repositories.rename(repository, newRepository, signal),
    );
    await sessions.moved(repository, newRepository);
    return repositoryItem(newRepository, await identity.repositories.find(newRepository));
  },
});
