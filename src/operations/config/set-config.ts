import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { configValue, configValueWanted } from "../../domain/repository-config.ts";
import { repositoryFacts } from "../repositories/repository-facts.ts";
import { ConfigItem, configItems, ConfigKeyField, variableNamed } from "./config-field.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    key: ConfigKeyField,
    value: Type.String({ description: "true or false, a number, or a size such as 512m: as its type says" }),
  },
  { additionalProperties: false },
);

/** Sets a variable of a repository's configuration. Plain git sees it at once, and so does the next push. */
export const setConfig = defineOperation({
  name: "setConfig",
  summary: "Set a variable of a repository's configuration",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Input,
  output: ConfigItem,
  errors: ["repository_not_found", "invalid_input", "repository_locked", "git_failed"],
  examples: [{ title: "No forced pushes", input: { key: "receive.denyNonFastForwards", value: "true" } }],
  route: { method: "PUT", path: "/repos/:repo/config/:key" },
  async run(input, { repository, events }) {
    const variable = variableNamed(input.key);
    const value = configValue(variable, input.value);
    if (value === undefined)
      throw new OperationError("invalid_input", { field: "value", problem: `is not ${configValueWanted(variable)}` });
    await repository.git.maintenance.writeConfig(repository.view, variable.key, value);
    await events.recordAdmin("repository_changed", { ...repositoryFacts(repository.ref), config: variable.key, value });
    const [item] = await configItems(repository, [variable]);
    return item!;
  },
});
