import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { accountOf } from "../users/account-of.ts";
import { OwnUserName } from "../users/user-fields.ts";
import { KeyField } from "./key-field.ts";

/** Lists a user's SSH keys. */
export const listKeys = defineOperation({
  name: "listKeys",
  summary: "List SSH keys",
  kind: "read",
  shape: "list",
  access: "account",
  target: "none",
  input: Type.Object({ user: OwnUserName }, { additionalProperties: false }),
  output: KeyField,
  errors: ["user_not_found"],
  examples: [{ title: "The administrator's", input: { user: "admin" } }],
  route: { method: "GET", path: "/keys" },
  async *run({ user }, ctx) {
    yield await ctx.identity.keys.list(accountOf(ctx, user));
  },
});
