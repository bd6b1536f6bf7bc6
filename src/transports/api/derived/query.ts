import { KindGuard, type TSchema } from "@sinclair/typebox";
import { jsonName, unknownField } from "../../../contract/json-codec.ts";
import { type ByteString, fromByteString } from "../../../domain/bytes.ts";
import { OperationError } from "../../../domain/errors.ts";
import { type DerivedField, isListSchema } from "./derived-field.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** A `%` that is not followed by the digits of an ASCII character. */
const ESCAPED_OTHERWISE = /%(?![0-7][0-9A-Fa-f])|[\x80-\xff]/;
const HEX = /^[0-9A-Fa-f]{2}$/;

/**
 * Percent-decodes to bytes: names and paths need not be UTF-8. `+` is a space in a query. Throws `malformed_request` for a `%` without
 * two digits.
 */
export function percentDecode(text: string, part: "path" | "query"): ByteString {
  // Whatever arrives unescaped is UTF-8.
  const bytes = /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
  const spaced = part === "query" ? bytes.replaceAll("+", " ") : bytes;
  if (!spaced.includes("%")) return spaced;
  // The engine's own way is faster, and does the same where all that is escaped is ASCII.
  if (!ESCAPED_OTHERWISE.test(spaced)) return decodeURIComponent(spaced);
  return spaced.replaceAll(/%(.{0,2})/gs, (_, digits: string) => {
    if (!HEX.test(digits))
      throw new OperationError("malformed_request", { part, problem: "has a % without two hexadecimal digits" });
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}

/** A text from an address as a value of the schema; what does not fit stays text, for the engine to refuse. */
export function valueOfText(text: ByteString, { schema, name }: DerivedField): unknown {
  const kind = kindOf(schema);
  if (kind === "byteString") return text;
  return kind === "bytes" ? fromByteString(text) : convert(kind, unicodeOf(text, name));
}

/** What texts of a schema become. */
type Kind = "byteString" | "bytes" | "integer" | "number" | "boolean" | "bigint" | "list" | "text";

/** To tell the kind of a schema takes longer than to read a value of it. */
const kinds = new WeakMap<TSchema, Kind>();

function kindOf(schema: TSchema): Kind {
  let kind = kinds.get(schema);
  if (kind === undefined) kinds.set(schema, (kind = findKind(schema)));
  return kind;
}

function findKind(schema: TSchema): Kind {
  if (schema["byteString"] === true) return "byteString";
  if (KindGuard.IsUint8Array(schema)) return "bytes";
  if (KindGuard.IsInteger(schema)) return "integer";
  if (KindGuard.IsNumber(schema)) return "number";
  if (KindGuard.IsBoolean(schema)) return "boolean";
  if (KindGuard.IsBigInt(schema)) return "bigint";
  return isListSchema(schema) ? "list" : "text";
}

/** Reads a query string; each field at most once, but for lists. Throws `invalid_input` for fields that are not known, or are repeated. */
export function readQuery(search: string, fields: ReadonlyMap<string, DerivedField>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  if (search === "" || search === "?") return values;
  for (const pair of search.slice(1).split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = unicodeOf(percentDecode(at < 0 ? pair : pair.slice(0, at), "query"), "query");
    const text = at < 0 ? "" : percentDecode(pair.slice(at + 1), "query");
    const field = fields.get(name);
    if (field === undefined) {
      readPart(values, name, text, fields);
      continue;
    }
    if (kindOf(field.schema) === "list") {
      const item = valueOfText(text, { ...field, schema: field.schema["items"] as TSchema });
      ((values[field.field] ??= []) as unknown[]).push(item);
    } else if (field.field in values) {
      throw new OperationError("invalid_input", { field: name, problem: "is given twice" });
    } else {
      values[field.field] = valueOfText(text, field);
    }
  }
  return values;
}

/** A field of an object: `author[name]=Jane`. */
function readPart(
  values: Record<string, unknown>,
  name: string,
  text: ByteString,
  fields: ReadonlyMap<string, DerivedField>,
): void {
  const [, outer = "", inner = ""] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(name) ?? [];
  const whole = fields.get(outer);
  const parts = whole?.schema["properties"] as Record<string, TSchema> | undefined;
  if (whole === undefined || parts === undefined) throw unknownField(name, name, fields.keys());
  const called = new Map(Object.entries(parts).map(([field, schema]) => [jsonName(field, schema, "snake"), field]));
  const field = called.get(inner);
  if (field === undefined) throw unknownField(name, inner, called.keys());
  const value = (values[whole.field] ??= {}) as Record<string, unknown>;
  if (field in value) throw new OperationError("invalid_input", { field: name, problem: "is given twice" });
  value[field] = valueOfText(text, { field, name, schema: parts[field]! });
}

function unicodeOf(text: ByteString, field: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  try {
    return UTF8.decode(fromByteString(text));
  } catch (error) {
    throw new OperationError("invalid_input", { field, problem: "is not UTF-8" }, { cause: error });
  }
}

function convert(kind: Kind, text: string): unknown {
  if (kind === "integer") return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (kind === "number") return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
  if (kind === "boolean") return BOOLEANS.get(text) ?? text;
  if (kind === "bigint") return /^-?\d{1,30}$/.test(text) ? BigInt(text) : text;
  return text;
}

/** A field that is only named is meant: `?recursive`. */
const BOOLEANS = new Map([
  ["true", true],
  ["1", true],
  ["", true],
  ["false", false],
  ["0", false],
]);
