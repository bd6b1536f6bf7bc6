import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { PatternField, PROTECTION_RULES } from "./protection-field.ts";

/** Lists the rules on a repository's references. */
export const listProtections = defineOperation({
  name: "listProtections",
  summary: "List protected references",
  kind: "read",
  shape: "list",
  access: "write",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({ pattern: PatternField, ...PROTECTION_RULES }, { title: "Protection" }),
  errors: ["repository_not_found"],
  examples: [{ title: "A repository's", input: {} }],
  route: { method: "GET", path: "/repos/:repo/protections" },
  async *run({ repository }, { identity }) {
    const rules = await identity.protections.list(repository);
    yield rules.map(({ users, ...rule }) => ({ ...rule, ...(users === undefined ? {} : { users: [...users] }) }));
  },
});
