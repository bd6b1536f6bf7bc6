import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { LevelField } from "./level-field.ts";

/** Lists who works on a repository besides its owner, sorted by name. */
export const listCollaborators = defineOperation({
  name: "listCollaborators",
  summary: "List collaborators",
  kind: "read",
  shape: "list",
  access: "write",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({ user: Type.String(), level: LevelField }, { title: "Collaborator" }),
  errors: ["repository_not_found"],
  examples: [{ title: "A repository's", input: {} }],
  route: { method: "GET", path: "/repos/:repo/collaborators" },
  async *run({ repository }, { identity }) {
    yield await identity.repositories.collaborators(repository);
  },
});
