import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { UserField } from "./user-fields.ts";

/** Lists all users, sorted by name. */
export const listUsers = defineOperation({
  name: "listUsers",
  summary: "List users",
  kind: "read",
  shape: "list",
  access: "server-admin",
  target: "none",
  input: Type.Object({}, { additionalProperties: false }),
  output: UserField,
  errors: [],
  examples: [{ title: "All of them", input: {} }],
  route: { method: "GET", path: "/users" },
  async *run(_input, { identity, signal }) {
    for await (const users of identity.users.list()) {
      signal.throwIfAborted();
      yield users;
    }
  },
});
