import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { ConfigItem, configItems, ConfigKeyField, variableNamed } from "./config-field.ts";

/** Shows a variable of a repository's configuration. */
export const showConfig = defineOperation({
  name: "showConfig",
  summary: "Show a variable of a repository's configuration",
  kind: "read",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, key: ConfigKeyField }, { additionalProperties: false }),
  output: ConfigItem,
  errors: ["repository_not_found", "invalid_input", "git_failed"],
  examples: [{ title: "One that is not set", input: { key: "receive.denyDeletes" } }],
  route: { method: "GET", path: "/repos/:repo/config/:key" },
  async run({ key }, { repository }) {
    const [item] = await configItems(repository, [variableNamed(key)]);
    return item!;
  },
});
