import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { accountOf } from "./account-of.ts";
import { OwnUserName, UserField } from "./user-fields.ts";

/** Shows an account. */
export const showUser = defineOperation({
  name: "showUser",
  summary: "Show a user",
  kind: "read",
  shape: "call",
  access: "account",
  target: "none",
  input: Type.Object({ user: OwnUserName }, { additionalProperties: false }),
  output: UserField,
  errors: ["user_not_found"],
  examples: [{ title: "The administrator", input: { user: "admin" } }],
  route: { method: "GET", path: "/users/:user" },
  run({ user }, ctx) {
    return ctx.identity.users.find(accountOf(ctx, user));
  },
});
