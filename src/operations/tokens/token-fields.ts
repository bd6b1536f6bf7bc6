import { InstantField, Maybe, Type } from "../../contract/fields.ts";
import type { TokenRecord } from "../../contract/identity.ts";

/** What a token narrows its user's rights to. */
export const TOKEN_SCOPE = {
  access: Type.Union([Type.Literal("read"), Type.Literal("write")], {
    description: "write: all that its user may do; read: at most reading",
  }),
  repositories: Maybe(
    Type.Array(Type.String(), { description: "Patterns of full names, such as alice/*; absent: all repositories" }),
  ),
  refs: Maybe(
    Type.Array(Type.String(), {
      description: "Patterns of references that may be changed, such as refs/heads/*; absent: all",
    }),
  ),
  expiresAtMs: Maybe(InstantField("When it ends; absent: never")),
};

/** A token as operations answer with it, without its secret. */
export const TOKEN_FIELDS = {
  id: Type.Integer(),
  user: Type.String(),
  name: Type.String(),
  ...TOKEN_SCOPE,
  createdAtMs: InstantField("When it was made"),
  lastUsedAtMs: Maybe(InstantField("When it was used last, to the minute or so; absent: never")),
};

/** A record as the schemas have it. */
export function tokenItem({ repositories, refs, ...token }: TokenRecord) {
  return {
    ...token,
    ...(repositories === undefined ? {} : { repositories: [...repositories] }),
    ...(refs === undefined ? {} : { refs: [...refs] }),
  };
}
