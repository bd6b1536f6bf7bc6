import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { accountOf } from "./account-of.ts";
import { OwnUserName } from "./user-fields.ts";

/** Gives an account another name. Its repositories keep their paths and their owner; what is open in its name ends. */
export const renameUser = defineOperation({
  name: "renameUser",
  summary: "Rename a user",
  kind: "write",
  shape: "call",
  access: "account",
  target: "none",
  input: Type.Object(
    { user: OwnUserName, newName: Type.String({ description: "Name that he shall have" }) },
    { additionalProperties: false },
  ),
  output: Type.Object({ name: Type.String() }),
  errors: ["user_not_found", "user_exists", "user_built_in", "invalid_input"],
  examples: [{ title: "Another name", input: { user: "bob", newName: "robert" } }],
  route: { method: "POST", path: "/users/:user/rename" },
  async run({ user, newName }, ctx) {
    const name = accountOf(ctx, user);
    await ctx.identity.users.rename(name, newName);
    await ctx.events.recordAdmin("user_changed", { user: newName, old_name: name });
    return { name: newName };
  },
});
