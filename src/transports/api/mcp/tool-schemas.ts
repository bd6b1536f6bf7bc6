import type { DerivedOperation } from "../derived/derived-operation.ts";
import { isRequired, type JsonSchema, jsonSchemaOf } from "../derived/json-schema.ts";

/** A schema of an object, as tools have them at the root. */
export interface ObjectSchema extends JsonSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, JsonSchema>>;
}

const BYTES_REF = "#/components/schemas/Bytes";
/** Agents write text; what is none may be given in the other form all the same. */
const BYTES_IN: JsonSchema = { type: "string" };
const BYTES_OUT: JsonSchema = {
  anyOf: [{ type: "string" }, { type: "object", properties: { base64: { type: "string" } }, required: ["base64"] }],
};

const CURSOR_IN: JsonSchema = {
  type: "string",
  description: "next_cursor of the result before, where that was cut; the other arguments stay the same",
};
const LINES_IN: Readonly<Record<string, JsonSchema>> = {
  first_line: { type: "integer", minimum: 1, description: "First line to read, from 1" },
  last_line: { type: "integer", minimum: 1, description: "Last line to read; the end when absent" },
};
const NEXT_CURSOR: JsonSchema = {
  anyOf: [{ type: "string" }, { type: "null" }],
  description: "Where there is more: give it as cursor",
};
/** What says how much of a result was left out; `cut-result.ts` makes it. */
const CUT: JsonSchema = {
  type: "object",
  description: "There where the result was too long: which field is not whole, and what of it is here",
  properties: {
    field: { type: "string" },
    from: { type: "integer", description: "First item that is here, from 0; of text the first byte" },
    to: { type: "integer", description: "Behind the last one that is here" },
    total: { type: "integer", description: "Items or bytes in all" },
    unit: { type: "string", enum: ["items", "bytes"] },
  },
  required: ["field", "from", "to", "total", "unit"],
};
const DOWNLOAD: ObjectSchema = {
  type: "object",
  properties: {
    content: { type: "string", description: "Part of the bytes" },
    encoding: { type: "string", enum: ["utf-8", "base64"] },
    next_cursor: NEXT_CURSOR,
    cut: CUT,
  },
  required: ["content", "encoding"],
  additionalProperties: false,
};

/** Has the tool lines that may be asked for alone? */
export const hasLines = ({ output }: DerivedOperation): boolean => {
  const content = (output?.["properties"] as Record<string, Record<string, unknown>> | undefined)?.["content"];
  return content?.["content"] === true;
};

/** JSON Schema of a tool's arguments. */
export function inputSchema(derived: DerivedOperation): ObjectSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const { name, schema } of derived.fields.values()) {
    properties[name] = withBytes(jsonSchemaOf(schema, "body"), BYTES_IN);
    if (schema["content"] === true) {
      properties[name] = { type: "string", description: schema.description };
      properties["encoding"] = {
        type: "string",
        enum: ["utf-8", "base64"],
        description: `How ${name} says the bytes; utf-8 when absent`,
      };
    }
    if (isRequired(schema)) required.push(name);
  }
  if (hasLines(derived)) Object.assign(properties, LINES_IN);
  properties["cursor"] ??= CURSOR_IN;
  return { type: "object", properties, ...(required.length > 0 && { required }), additionalProperties: false };
}

/** JSON Schema of what a tool gives. */
export function outputSchema({ output }: DerivedOperation): ObjectSchema {
  if (output === undefined) return DOWNLOAD;
  const whole = withBytes(jsonSchemaOf(output, "body"), BYTES_OUT) as ObjectSchema;
  const { properties, ...rest } = whole;
  return { ...rest, type: "object", properties: { ...properties, next_cursor: NEXT_CURSOR, cut: CUT } };
}

/** A schema that needs no other document: bytes as what they are here. */
function withBytes(schema: JsonSchema, bytes: JsonSchema): JsonSchema {
  return inPlace(schema, bytes) as JsonSchema;
}

function inPlace(value: unknown, bytes: JsonSchema): unknown {
  if (Array.isArray(value)) return value.map((each) => inPlace(each, bytes));
  if (typeof value !== "object" || value === null) return value;
  const { $ref, ...rest } = value as Record<string, unknown>;
  if ($ref === BYTES_REF) return { ...bytes, ...rest };
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inPlace(part, bytes)]));
}
