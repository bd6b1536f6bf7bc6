import { InstantField, Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { higherLevel } from "../../domain/access-level.ts";
import { LevelField } from "../collaborators/level-field.ts";

const Token = Type.Object({
  id: Type.Integer(),
  access: Type.Union([Type.Literal("read"), Type.Literal("write")]),
  repositories: Maybe(Type.Array(Type.String())),
  refs: Maybe(Type.Array(Type.String())),
  expiresAtMs: Maybe(InstantField("When it ends; absent: never")),
});

const Output = Type.Object({
  kind: Type.String({ description: "service, control, user or anonymous" }),
  name: Type.String(),
  isAdmin: Type.Boolean(),
  access: LevelField,
  token: Maybe(Token),
  keys: Type.Array(Type.String(), { description: "Fingerprints of the account's SSH keys" }),
});

/** Tells a caller who he is to the server, and what he may do with public repositories of others, unless his token says less. */
export const whoAmI = defineOperation({
  name: "whoAmI",
  summary: "Tell who the caller is",
  kind: "read",
  shape: "call",
  access: "server-read",
  target: "none",
  input: Type.Object({}, { additionalProperties: false }),
  output: Output,
  errors: [],
  examples: [{ title: "The caller", input: {} }],
  tool: { isDefault: true, advice: "Who the server takes you for, and what your token may do." },
  route: { method: "GET", path: "/whoami" },
  async run(_input, { caller, identity }) {
    const { kind, name, token } = caller.principal;
    const isAdmin = await identity.access.mayAdministerServer(caller.principal);
    const { anonAccess } = identity.settings.current();
    const keys = kind === "user" ? await identity.keys.list(name) : [];
    return {
      kind,
      name,
      isAdmin,
      access: isAdmin ? "admin-access" : kind === "anonymous" ? anonAccess : higherLevel(anonAccess, "read-only"),
      keys: keys.map(({ fingerprint }) => fingerprint),
      ...(token === undefined
        ? {}
        : {
            token: {
              id: token.id,
              access: token.access,
              ...(token.repositories === undefined ? {} : { repositories: [...token.repositories] }),
              ...(token.refs === undefined ? {} : { refs: [...token.refs] }),
              ...(token.expiresAtMs === undefined ? {} : { expiresAtMs: token.expiresAtMs }),
            },
          }),
    };
  },
});
