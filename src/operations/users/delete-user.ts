import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { UserName } from "./user-fields.ts";

/** Removes an account with its keys and tokens. Its repositories stay, without an owner; what is open in its name ends. */
export const deleteUser = defineOperation({
  name: "deleteUser",
  summary: "Delete a user",
  kind: "write",
  shape: "call",
  access: "server-admin",
  target: "none",
  input: Type.Object({ user: UserName }, { additionalProperties: false }),
  output: Type.Object({}),
  errors: ["user_not_found", "user_built_in"],
  examples: [{ title: "A user", input: { user: "bob" } }],
  route: { method: "DELETE", path: "/users/:user", status: 204 },
  async run({ user }, { identity, events }) {
    await identity.users.remove(user);
    await events.recordAdmin("user_deleted", { user });
    return {};
  },
});
