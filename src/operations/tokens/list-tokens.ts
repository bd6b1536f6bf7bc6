import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { accountOf } from "../users/account-of.ts";
import { OwnUserName } from "../users/user-fields.ts";
import { TOKEN_FIELDS, tokenItem } from "./token-fields.ts";

/** Lists a user's access tokens, expired ones too, without their secrets. */
export const listTokens = defineOperation({
  name: "listTokens",
  summary: "List access tokens",
  kind: "read",
  shape: "list",
  access: "account",
  target: "none",
  input: Type.Object({ user: OwnUserName }, { additionalProperties: false }),
  output: Type.Object(TOKEN_FIELDS, { title: "Token" }),
  errors: ["user_not_found"],
  examples: [{ title: "The administrator's", input: { user: "admin" } }],
  route: { method: "GET", path: "/tokens" },
  async *run({ user }, ctx) {
    yield (await ctx.identity.tokens.list(accountOf(ctx, user))).map(tokenItem);
  },
});
