import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { accountOf } from "../users/account-of.ts";
import { OwnUserName } from "../users/user-fields.ts";
import { KeyField } from "./key-field.ts";

/** Removes a user's SSH key; connections that were opened with it end. */
export const removeKey = defineOperation({
  name: "removeKey",
  summary: "Remove an SSH key",
  kind: "write",
  shape: "call",
  access: "account",
  target: "none",
  input: Type.Object(
    {
      user: OwnUserName,
      key: Type.String({ description: "The key's fingerprint, its id, or the line that was added" }),
    },
    { additionalProperties: false },
  ),
  output: KeyField,
  errors: ["user_not_found", "key_not_found", "invalid_input"],
  examples: [{ title: "By its id", input: { user: "admin", key: "1" } }],
  route: { method: "DELETE", path: "/keys/:key" },
  async run({ user, key }, ctx) {
    const removed = await ctx.identity.keys.remove(accountOf(ctx, user), key);
    const { id, fingerprint } = removed;
    await ctx.events.recordAdmin("key_removed", { user: removed.user, id, fingerprint });
    return removed;
  },
});
