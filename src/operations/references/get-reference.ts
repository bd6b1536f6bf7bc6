import { ByteStringField, RepositoryField, Type } from "../../contract/fields.ts";
import { ReferenceField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { withTarget } from "./shown-reference.ts";
import { visibleReference } from "./visible-reference.ts";

/** Reads a reference. */
export const getReference = defineOperation({
  name: "getReference",
  summary: "Get a reference",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, name: ByteStringField("Full name, such as refs/heads/main") },
    { additionalProperties: false },
  ),
  output: ReferenceField,
  errors: ["invalid_reference_name", "reference_not_found"],
  examples: [{ title: "The branch main", input: { name: "refs/heads/main" } }],
  route: { method: "GET", path: "/repos/:repo/refs/:name", etag: "oid" },
  run: async ({ name }, ctx) => withTarget(ctx.repository, await visibleReference(ctx, name)),
});
