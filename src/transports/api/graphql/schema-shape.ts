import { KindGuard, type TSchema } from "@sinclair/typebox";
import { isRequired } from "../derived/json-schema.ts";

export type Properties = Readonly<Record<string, TSchema>>;

/** The fields of an object; undefined for a schema that is no object of named fields. */
export const propertiesOf = (schema: TSchema): Properties | undefined =>
  KindGuard.IsRecord(schema) ? undefined : (schema["properties"] as Properties | undefined);

/** What a schema is called, where it is a noun that several operations share. */
export const titleOf = (schema: TSchema): string | undefined => schema["title"] as string | undefined;

/** The schema without null, and whether null was allowed. */
export function withoutNull(schema: TSchema): { readonly schema: TSchema; readonly nullable: boolean } {
  if (!KindGuard.IsUnion(schema)) return { schema, nullable: false };
  const rest = schema.anyOf.filter((member) => !KindGuard.IsNull(member));
  if (rest.length === schema.anyOf.length) return { schema, nullable: false };
  const left = rest.length === 1 ? rest[0]! : ({ ...schema, anyOf: rest } as TSchema);
  return { schema: left, nullable: true };
}

/** The same for schemas of the same fields, whatever they are called. */
export function shapeOf(schema: TSchema): string {
  return JSON.stringify(plainShape(schema));
}

function plainShape(schema: TSchema): unknown {
  const properties = propertiesOf(schema);
  if (properties !== undefined)
    return Object.entries(properties).map(([name, part]) => [name, isRequired(part), plainShape(part)]);
  if (KindGuard.IsUnion(schema)) return { anyOf: schema.anyOf.map(plainShape) };
  if (KindGuard.IsArray(schema)) return { items: plainShape(schema.items) };
  const { type, const: literal, byteString, instant, content, json } = schema;
  return { type: type as unknown, literal: literal as unknown, byteString, instant, content, json };
}
