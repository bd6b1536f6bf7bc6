import { InstantField, Type } from "../../contract/fields.ts";

/** An SSH key as operations answer with it. */
export const KeyField = Type.Object(
  {
    id: Type.Integer(),
    user: Type.String(),
    type: Type.String({ description: "Such as ssh-ed25519" }),
    fingerprint: Type.String({ description: "SHA256:… as ssh-keygen prints it" }),
    line: Type.String({ description: "The key as a line of authorized_keys" }),
    comment: Type.String(),
    createdAtMs: InstantField("When it was added"),
  },
  { title: "Key" },
);
