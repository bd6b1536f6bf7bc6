import { KindGuard, type TSchema } from "@sinclair/typebox";

/** The one value that a schema allows, as JSON; undefined where it allows others. */
export const literalOf = (schema: TSchema): string | undefined =>
  KindGuard.IsLiteral(schema) ? JSON.stringify(schema.const) : undefined;

/** The fields of an object that say which member of a union it is, such as `action: "create"`. */
export function literalFields(schema: TSchema | undefined): { field: string; schema: TSchema; literal: unknown }[] {
  const properties = (schema?.["properties"] ?? {}) as Record<string, TSchema>;
  return Object.entries(properties).flatMap(([field, part]) =>
    KindGuard.IsLiteral(part) ? [{ field, schema: part, literal: part.const }] : [],
  );
}

/** The members of a union whose literal fields a value has; none of those without such fields. `nameOf` tells what a field is called in the value. */
export function membersNamedBy<T extends TSchema>(
  members: readonly T[],
  value: unknown,
  nameOf: (field: string, schema: TSchema) => string,
): T[] {
  if (typeof value !== "object" || value === null) return [];
  const given = value as Record<string, unknown>;
  return members.filter((member) => {
    const naming = literalFields(member);
    return naming.length > 0 && naming.every(({ field, schema, literal }) => given[nameOf(field, schema)] === literal);
  });
}
