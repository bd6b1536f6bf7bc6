import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { repositoryFacts } from "./repository-facts.ts";

/** Makes a repository private or public. Private: only its owner, its collaborators and administrators see it. */
export const setVisibility = defineOperation({
  name: "setVisibility",
  summary: "Make a repository private or public",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, private: Type.Boolean() }, { additionalProperties: false }),
  output: Type.Object({ private: Type.Boolean() }),
  errors: ["repository_not_found"],
  examples: [{ title: "Private", input: { private: true } }],
  route: { method: "PUT", path: "/repos/:repo/visibility" },
  async run({ repository, private: isPrivate }, { identity, events }) {
    await identity.repositories.setPrivate(repository, isPrivate);
    await events.recordAdmin("repository_changed", { ...repositoryFacts(repository), private: isPrivate });
    return { private: isPrivate };
  },
});
