import { InstantField, Maybe, Type } from "../../contract/fields.ts";

/** A user as operations answer with him. */
export const UserField = Type.Object(
  {
    id: Type.Integer(),
    name: Type.String(),
    isAdmin: Type.Boolean(),
    displayName: Type.String(),
    email: Type.String(),
    createdAtMs: InstantField("When he was given an account"),
  },
  { title: "User" },
);

/** The user that an operation is about. */
export const UserName = Type.String({ description: "Name of the user" });

/** The user that an operation is about, where that can be the caller himself. */
export const OwnUserName = Maybe(Type.String({ description: "Name of the user; absent: the caller" }));
