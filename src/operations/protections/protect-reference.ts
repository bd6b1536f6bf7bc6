import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeUtf8 } from "../../domain/bytes.ts";
import { repositoryFacts } from "../repositories/repository-facts.ts";
import { PatternField, PROTECTION_RULES } from "./protection-field.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    pattern: PatternField,
    noForce: Maybe(PROTECTION_RULES.noForce),
    noDelete: Maybe(PROTECTION_RULES.noDelete),
    users: PROTECTION_RULES.users,
    appliesToService: Maybe(PROTECTION_RULES.appliesToService),
  },
  { additionalProperties: false },
);

/** Protects the references that fit a pattern, in place of an earlier rule with the same pattern. It binds every door and everybody. */
export const protectReference = defineOperation({
  name: "protectReference",
  summary: "Protect references",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Input,
  output: Type.Object({ pattern: PatternField, ...PROTECTION_RULES }, { title: "Protection" }),
  errors: ["repository_not_found", "invalid_input"],
  examples: [{ title: "The main branch", input: { pattern: "refs/heads/main", noForce: true, noDelete: true } }],
  route: { method: "POST", path: "/repos/:repo/protections" },
  async run({ repository, pattern, users, ...rules }, { identity, events }) {
    const { noForce = false, noDelete = false, appliesToService = true } = rules;
    const rule = { pattern, noForce, noDelete, ...(users === undefined ? {} : { users }), appliesToService };
    await identity.protections.set(repository, rule);
    await events.recordAdmin("protection_changed", {
      ...repositoryFacts(repository),
      pattern: decodeUtf8(pattern),
      no_force: noForce,
      no_delete: noDelete,
      ...(users === undefined ? {} : { users }),
      applies_to_service: appliesToService,
    });
    return rule;
  },
});
