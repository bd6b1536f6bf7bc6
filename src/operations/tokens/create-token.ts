import { Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { accountOf } from "../users/account-of.ts";
import { OwnUserName } from "../users/user-fields.ts";
import { TOKEN_FIELDS, TOKEN_SCOPE, tokenItem } from "./token-fields.ts";

const Input = Type.Object(
  {
    user: OwnUserName,
    name: Type.String({ description: "What the token is for" }),
    ...TOKEN_SCOPE,
    access: Maybe(TOKEN_SCOPE.access),
  },
  { additionalProperties: false },
);

/** Makes an access token. Its secret is in this answer and nowhere else: the server keeps a hash. */
export const createToken = defineOperation({
  name: "createToken",
  summary: "Create an access token",
  kind: "write",
  shape: "call",
  access: "account",
  target: "none",
  input: Input,
  output: Type.Object({ ...TOKEN_FIELDS, token: Type.String({ description: "The secret" }) }, { title: "NewToken" }),
  errors: ["user_not_found", "invalid_input"],
  examples: [{ title: "For reading", input: { user: "admin", name: "backup", access: "read" } }],
  route: { method: "POST", path: "/tokens", status: 201 },
  async run({ user, access = "write", ...narrowing }, ctx) {
    const { token, secret } = await ctx.identity.tokens.create(accountOf(ctx, user), { ...narrowing, access });
    await ctx.events.recordAdmin("token_created", { user: token.user, id: token.id, name: token.name, access });
    return { ...tokenItem(token), token: secret };
  },
});
