import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { accountOf } from "../users/account-of.ts";
import { OwnUserName } from "../users/user-fields.ts";
import { KeyField } from "./key-field.ts";

/** Registers a public key that opens SSH for a user. A key belongs to one user alone. */
export const addKey = defineOperation({
  name: "addKey",
  summary: "Add an SSH key",
  kind: "write",
  shape: "call",
  access: "account",
  target: "none",
  input: Type.Object(
    { user: OwnUserName, key: Type.String({ description: "A line such as: ssh-ed25519 AAAA… comment" }) },
    { additionalProperties: false },
  ),
  output: KeyField,
  errors: ["user_not_found", "key_exists", "invalid_input"],
  examples: [
    {
      title: "An Ed25519 key",
      input: {
        user: "admin",
        key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEEtjo6OMsxoUw7pcmCNpfO8+E6Nb4mPTFqJi4O4NZXG bob@example.com",
      },
    },
  ],
  route: { method: "POST", path: "/keys", status: 201 },
  async run({ user, key }, ctx) {
    const added = await ctx.identity.keys.add(accountOf(ctx, user), key);
    await ctx.events.recordAdmin("key_added", { user: added.user, id: added.id, fingerprint: added.fingerprint });
    return added;
  },
});
