import { KindGuard, OptionalKind, type TSchema } from "@sinclair/typebox";
import { derivedName } from "./derived-field.ts";
import { isRepository } from "./repository-field.ts";

/** JSON Schema 2020-12 as OpenAPI 3.1 has it. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** Keywords that mean the same in JSON. */
const KEPT = [
  "description",
  "type",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "pattern",
  "format",
  "default",
  "const",
] as const;

/** Bytes: text where they are UTF-8. */
export const BYTES_SCHEMA: JsonSchema = {
  description: "Bytes: text where they are UTF-8, else base64",
  oneOf: [
    { type: "string" },
    {
      type: "object",
      properties: { base64: { type: "string", pattern: "^[A-Za-z0-9+/]*={0,2}$" } },
      required: ["base64"],
      additionalProperties: false,
    },
  ],
};

/** Where the schema stands: bytes of an address are percent-encoded text. */
export type Place = "body" | "address";

/** What a schema of ours is in JSON, with the names that `jsonCodec` gives. */
export function jsonSchemaOf(schema: TSchema, place: Place): JsonSchema {
  if (isRepository(schema)) return { type: "string", description: "Full name of a repository: alice/myrepo" };
  const { description } = schema;
  const said = description === undefined ? {} : { description };
  if (schema["byteString"] === true || KindGuard.IsUint8Array(schema))
    return place === "address" ? { type: "string", ...said } : { $ref: "#/components/schemas/Bytes", ...said };
  if (KindGuard.IsBigInt(schema)) return { type: "string", pattern: "^-?[0-9]{1,30}$", ...said };
  if (schema["instant"] === true) return { type: "string", format: "date-time", ...said };
  if (KindGuard.IsUnion(schema)) return { ...unionOf(schema.anyOf, place), ...said };
  if (KindGuard.IsArray(schema)) return { ...kept(schema), items: jsonSchemaOf(schema.items, place) };
  if (KindGuard.IsRecord(schema))
    return {
      ...said,
      type: "object",
      additionalProperties: jsonSchemaOf(Object.values(schema.patternProperties)[0]!, place),
    };
  if (schema["properties"] !== undefined) return objectOf(schema, place);
  return kept(schema);
}

/** Must the field be there? */
export const isRequired = (schema: TSchema): boolean => schema[OptionalKind] === undefined;

function kept(schema: TSchema): Record<string, unknown> {
  return Object.fromEntries(KEPT.flatMap((name) => (schema[name] === undefined ? [] : [[name, schema[name]]])));
}

function unionOf(members: readonly TSchema[], place: Place): JsonSchema {
  if (members.every((member) => KindGuard.IsLiteral(member) && typeof member.const === "string"))
    return { type: "string", enum: members.map((member) => member["const"] as unknown) };
  return { anyOf: members.map((member) => jsonSchemaOf(member, place)) };
}

function objectOf(schema: TSchema, place: Place): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [field, part] of Object.entries(schema["properties"] as Record<string, TSchema>)) {
    const name = derivedName(field, part, "snake");
    if (part["content"] === true) {
      properties[name] = { type: "string", description: part.description };
      properties["encoding"] = {
        type: "string",
        enum: ["utf-8", "base64"],
        description: `How ${name} says the bytes; utf-8 when absent`,
      };
    } else properties[name] = jsonSchemaOf(part, place);
    if (isRequired(part)) required.push(name);
  }
  return {
    ...(schema.description !== undefined && { description: schema.description }),
    type: "object",
    properties,
    ...(required.length > 0 && { required }),
    ...(schema["additionalProperties"] === false && { additionalProperties: false }),
  };
}
