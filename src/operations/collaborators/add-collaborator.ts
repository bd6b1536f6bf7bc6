import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { repositoryFacts } from "../repositories/repository-facts.ts";
import { UserName } from "../users/user-fields.ts";
import { LevelField } from "./level-field.ts";

/** Gives a user a level of access to a repository, also in place of the one he has. */
export const addCollaborator = defineOperation({
  name: "addCollaborator",
  summary: "Add a collaborator",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, user: UserName, level: Maybe(LevelField) },
    { additionalProperties: false },
  ),
  output: Type.Object({ user: Type.String(), level: LevelField }),
  errors: ["repository_not_found", "user_not_found"],
  examples: [{ title: "Who may write", input: { user: "admin", level: "read-write" } }],
  route: { method: "PUT", path: "/repos/:repo/collaborators/:user" },
  async run({ repository, user, level = "read-write" }, { identity, events }) {
    await identity.repositories.setCollaborator(repository, user, level);
    await events.recordAdmin("collaborator_added", { ...repositoryFacts(repository), user, level });
    return { user, level };
  },
});
