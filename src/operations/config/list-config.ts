import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { CONFIG_VARIABLES } from "../../domain/repository-config.ts";
import { ConfigItem, configItems } from "./config-field.ts";

/** Lists the variables of a repository's configuration that may be changed, with their values. */
export const listConfig = defineOperation({
  name: "listConfig",
  summary: "List a repository's configuration",
  kind: "read",
  shape: "list",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: ConfigItem,
  errors: ["repository_not_found", "git_failed"],
  examples: [{ title: "A repository's", input: {} }],
  route: { method: "GET", path: "/repos/:repo/config" },
  async *run(_input, { repository }) {
    yield await configItems(repository, CONFIG_VARIABLES);
  },
});
