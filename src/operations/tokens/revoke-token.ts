import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { accountOf } from "../users/account-of.ts";
import { OwnUserName } from "../users/user-fields.ts";
import { TOKEN_FIELDS, tokenItem } from "./token-fields.ts";

/** Revokes an access token; what is open with it ends. */
export const revokeToken = defineOperation({
  name: "revokeToken",
  summary: "Revoke an access token",
  kind: "write",
  shape: "call",
  access: "account",
  target: "none",
  input: Type.Object(
    { user: OwnUserName, token: Type.String({ description: "The token's id, or its name where no other has it" }) },
    { additionalProperties: false },
  ),
  output: Type.Object(TOKEN_FIELDS, { title: "Token" }),
  errors: ["user_not_found", "token_not_found", "invalid_input"],
  examples: [{ title: "By its name", input: { user: "admin", token: "backup" } }],
  tool: { destructive: true },
  route: { method: "DELETE", path: "/tokens/:token" },
  async run({ user, token }, ctx) {
    const revoked = await ctx.identity.tokens.revoke(accountOf(ctx, user), token);
    await ctx.events.recordAdmin("token_revoked", { user: revoked.user, id: revoked.id, name: revoked.name });
    return tokenItem(revoked);
  },
});
