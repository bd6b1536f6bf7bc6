import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeUtf8 } from "../../domain/bytes.ts";
import { repositoryFacts } from "../repositories/repository-facts.ts";
import { PatternField } from "./protection-field.ts";

/** Takes a rule away. */
export const unprotectReference = defineOperation({
  name: "unprotectReference",
  summary: "Stop protecting references",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField, pattern: PatternField }, { additionalProperties: false }),
  output: Type.Object({}),
  errors: ["repository_not_found", "protection_not_found"],
  examples: [{ title: "The main branch", input: { pattern: "refs/heads/main" } }],
  route: { method: "DELETE", path: "/repos/:repo/protections", status: 204 },
  async run({ repository, pattern }, { identity, events }) {
    await identity.protections.unset(repository, pattern);
    const facts = { ...repositoryFacts(repository), pattern: decodeUtf8(pattern), removed: true };
    await events.recordAdmin("protection_changed", facts);
    return {};
  },
});
