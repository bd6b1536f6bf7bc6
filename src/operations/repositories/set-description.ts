import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { repositoryFacts } from "./repository-facts.ts";

/** Says in one line what a repository is for. */
export const setDescription = defineOperation({
  name: "setDescription",
  summary: "Describe a repository",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, description: Type.String({ description: "One line; empty takes it away" }) },
    { additionalProperties: false },
  ),
  output: Type.Object({ description: Type.String() }),
  errors: ["repository_not_found", "invalid_input"],
  examples: [{ title: "A line", input: { description: "what it is for" } }],
  route: { method: "PUT", path: "/repos/:repo/description" },
  async run({ repository, description }, { identity, events }) {
    await identity.repositories.setDescription(repository, description);
    await events.recordAdmin("repository_changed", { ...repositoryFacts(repository), description });
    return { description };
  },
});
