import { KindGuard, type TSchema } from "@sinclair/typebox";
import { jsonName, type Naming } from "../../../contract/json-codec.ts";
import type { HttpRoute, Operation } from "../../../contract/operation.ts";
import { isPaged, pagedFields } from "./list-page.ts";
import { isRepository, repositoryFieldName } from "./repository-field.ts";

/** A field of an operation's input, as callers name it. */
export interface DerivedField {
  readonly field: string;
  readonly name: string;
  readonly schema: TSchema;
}

/** The fields of an operation's input by the names that callers give them: `repo` in place of a repository, a cursor in place of `after`. */
export function derivedFields(operation: Operation, route: HttpRoute, naming: Naming): Map<string, DerivedField> {
  const fields = new Map<string, DerivedField>();
  for (const [field, schema] of Object.entries(operation.input["properties"] as Record<string, TSchema>)) {
    const name = derivedName(field, schema, naming);
    fields.set(name, { field, name, schema });
  }
  return isPaged({ operation, route }) ? pagedFields(fields) : fields;
}

/** What callers call a field of an input. */
export function derivedName(field: string, schema: TSchema, naming: Naming): string {
  const name = jsonName(field, schema, naming);
  return isRepository(schema) ? repositoryFieldName(name) : name;
}

/** The schema of a list. */
export function isListSchema(schema: TSchema): schema is TSchema & { items: TSchema } {
  return KindGuard.IsArray(schema);
}
