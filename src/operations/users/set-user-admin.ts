import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { UserName } from "./user-fields.ts";

/** Makes a user an administrator, or no longer one. */
export const setUserAdmin = defineOperation({
  name: "setUserAdmin",
  summary: "Make a user an administrator",
  kind: "write",
  shape: "call",
  access: "server-admin",
  target: "none",
  input: Type.Object({ user: UserName, isAdmin: Type.Boolean() }, { additionalProperties: false }),
  output: Type.Object({}),
  errors: ["user_not_found", "user_built_in"],
  examples: [{ title: "An administrator", input: { user: "bob", isAdmin: true } }],
  route: { method: "PUT", path: "/users/:user/admin", status: 204 },
  async run({ user, isAdmin }, { identity, events }) {
    await identity.users.setAdmin(user, isAdmin);
    await events.recordAdmin("user_changed", { user, admin: isAdmin });
    return {};
  },
});
