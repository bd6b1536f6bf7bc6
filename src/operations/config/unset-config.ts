import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { repositoryFacts } from "../repositories/repository-facts.ts";
import { ConfigKeyField, variableNamed } from "./config-field.ts";

/** Takes a variable out of a repository's configuration, so that git's default holds; one that is not there already stays so. */
export const unsetConfig = defineOperation({
  name: "unsetConfig",
  summary: "Unset a variable of a repository's configuration",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, key: ConfigKeyField }, { additionalProperties: false }),
  output: Type.Object({}),
  errors: ["repository_not_found", "invalid_input", "repository_locked", "git_failed"],
  examples: [{ title: "One that is not set", input: { key: "receive.denyDeletes" } }],
  route: { method: "DELETE", path: "/repos/:repo/config/:key", status: 204 },
  async run({ key }, { repository, events }) {
    const variable = variableNamed(key);
    await repository.git.maintenance.writeConfig(repository.view, variable.key, undefined);
    await events.recordAdmin("repository_changed", { ...repositoryFacts(repository.ref), config: variable.key });
    return {};
  },
});
