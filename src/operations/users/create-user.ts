import { Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { UserField } from "./user-fields.ts";

const Input = Type.Object(
  {
    name: Type.String({ description: "Name; also the first segment of his repositories' names" }),
    isAdmin: Maybe(Type.Boolean({ description: "May he administer the server? Absent: no" })),
    displayName: Maybe(Type.String({ description: "Name as people write it" })),
    email: Maybe(Type.String({ description: "Mail address" })),
  },
  { additionalProperties: false },
);

/** Makes an account. */
export const createUser = defineOperation({
  name: "createUser",
  summary: "Create a user",
  kind: "write",
  shape: "call",
  access: "server-admin",
  target: "none",
  input: Input,
  output: UserField,
  errors: ["user_exists", "invalid_input"],
  examples: [{ title: "A user", input: { name: "bob" } }],
  route: { method: "POST", path: "/users", status: 201 },
  async run({ name, isAdmin = false, displayName = "", email = "" }, { identity, events }) {
    const user = await identity.users.create({ name, isAdmin, displayName, email });
    await events.recordAdmin("user_created", { user: name, id: user.id, admin: isAdmin });
    return user;
  },
});
