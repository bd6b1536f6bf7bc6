import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { repositoryFacts } from "../repositories/repository-facts.ts";
import { UserName } from "../users/user-fields.ts";

/** Takes a user's level of access to a repository away. */
export const removeCollaborator = defineOperation({
  name: "removeCollaborator",
  summary: "Remove a collaborator",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, user: UserName }, { additionalProperties: false }),
  output: Type.Object({}),
  errors: ["repository_not_found", "user_not_found", "collaborator_not_found"],
  examples: [{ title: "A collaborator", input: { user: "admin" } }],
  route: { method: "DELETE", path: "/repos/:repo/collaborators/:user", status: 204 },
  async run({ repository, user }, { identity, events }) {
    await identity.repositories.removeCollaborator(repository, user);
    await events.recordAdmin("collaborator_removed", { ...repositoryFacts(repository), user });
    return {};
  },
});
