import { KindGuard, type TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { fromByteString, toByteString } from "../domain/bytes.ts";
import { decodeBase64 } from "../domain/decode-base64.ts";
import { OperationError } from "../domain/errors.ts";
import { JsonText, withoutLongTexts } from "../domain/json-text.ts";
import { nearest } from "../domain/nearest.ts";
import { membersNamedBy } from "./union-members.ts";

/** How fields are called in JSON: `plain`, as they are in the schema; or as the management API calls them, in either of two cases. */
export type Naming = "plain" | "camel" | "snake";

/**
 * A schema's values in JSON: bytes as UTF-8 text or, where they are none, as `{"base64": "…"}`; big integers as decimal strings.
 * Compiled once: what needs no change costs nothing.
 */
export interface JsonCodec {
  encode(value: unknown): unknown;
  /**
   * Throws `invalid_input` for a field that the schema does not know; what else does not fit stays as it is, for the engine to refuse. Long texts
   * may be JsonText: those that are bytes never become strings.
   */
  decode(json: unknown): unknown;
}

/** Bytes in JSON: text where they are UTF-8, else this. */
interface Base64 {
  readonly base64: string;
}

type Convert = (value: unknown, place: string) => unknown;

interface Pair {
  readonly encode: Convert;
  readonly decode: Convert;
}

const same: Convert = (value) => value;
const SAME: Pair = { encode: same, decode: same };
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The name of a schema's field in JSON. `json` in its options says otherwise than the naming, where a contract does. */
export function jsonName(field: string, schema: TSchema, naming: Naming): string {
  if (naming === "plain") return field;
  const given: unknown = schema["json"];
  const named = typeof given === "string" ? given : schema["instant"] === true ? field.replace(/Ms$/, "") : field;
  if (naming === "camel") return named.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return typeof given === "string" ? given : named.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Compiles the codec of a schema. */
export function jsonCodec(schema: TSchema, naming: Naming): JsonCodec {
  const { encode, decode } = compile(schema, naming);
  return { encode: (value) => encode(value, ""), decode: (json) => decode(json, "") };
}

function compile(schema: TSchema, naming: Naming): Pair {
  if (schema["byteString"] === true) return BYTE_STRING;
  if (KindGuard.IsUint8Array(schema)) return BYTES;
  if (KindGuard.IsBigInt(schema)) return BIG_INTEGER;
  if (schema["instant"] === true) return naming === "plain" ? SAME : INSTANT;
  if (KindGuard.IsUnion(schema)) return union(schema.anyOf, naming);
  if (KindGuard.IsArray(schema)) return array(compile(schema.items, naming));
  if (KindGuard.IsRecord(schema)) return record(compile(Object.values(schema.patternProperties)[0]!, naming));
  if (KindGuard.IsObject(schema)) return object(schema, naming);
  // The nouns of the domain are unsafe types around plain objects.
  if (schema["type"] === "object" && schema["properties"] !== undefined) return object(schema, naming);
  return SAME;
}

const BYTES: Pair = {
  encode: (value) => (value instanceof Uint8Array ? bytesToJson(value) : value),
  decode: (json) => bytesFromJson(json) ?? json,
};

const BYTE_STRING: Pair = {
  encode: (value) => (typeof value === "string" ? byteStringToJson(value) : value),
  decode: (json) => {
    const bytes = bytesFromJson(json);
    return bytes === undefined ? json : toByteString(bytes);
  },
};

const BIG_INTEGER: Pair = {
  encode: (value) => (typeof value === "bigint" ? value.toString() : value),
  decode: (json) => (typeof json === "string" && /^-?\d{1,30}$/.test(json) ? BigInt(json) : json),
};

/** ISO 8601 with an offset: a time without one would be a different one everywhere. */
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

const INSTANT: Pair = {
  encode: (value) => (typeof value === "number" ? new Date(value).toISOString() : value),
  decode: (json, place) => {
    const atMs = typeof json === "string" && ISO_8601.test(json) ? Date.parse(json) : Number.NaN;
    if (Number.isNaN(atMs))
      throw new OperationError("invalid_input", { field: place, problem: "is no time such as 2030-01-31T12:00:00Z" });
    return atMs;
  },
};

function array(items: Pair): Pair {
  const each = (convert: Convert): Convert =>
    convert === same
      ? same
      : (value, place) =>
          Array.isArray(value) ? value.map((item, index) => convert(item, `${place}[${index}]`)) : value;
  return { encode: each(items.encode), decode: each(items.decode) };
}

function record(values: Pair): Pair {
  const each = (convert: Convert): Convert =>
    convert === same
      ? same
      : (value, place) =>
          isRecord(value)
            ? Object.fromEntries(
                Object.entries(value).map(([name, item]) => [name, convert(item, under(place, name))] as const),
              )
            : value;
  return { encode: each(values.encode), decode: each(values.decode) };
}

function union(members: readonly TSchema[], naming: Naming): Pair {
  const pairs = members.map((member) => ({ member, ...compile(member, naming) }));
  const plain = pairs.every(({ encode }) => encode === same);
  return {
    encode: plain
      ? same
      : (value, place) => pairs.find(({ member }) => Value.Check(member, value))?.encode(value, place) ?? value,
    decode: pairs.every(({ decode }) => decode === same)
      ? same
      : (json, place) => {
          for (const { member, decode } of pairs) {
            const value = attempt(() => decode(json, place));
            if (Value.Check(member, value)) return value;
          }
          // What says which one it is is told what is wrong with that one.
          const [meant, ...others] = membersNamedBy(members, json, (field, part) => jsonName(field, part, naming));
          const pair = others.length === 0 ? pairs.find(({ member }) => member === meant) : undefined;
          return pair === undefined ? json : pair.decode(json, place);
        },
  };
}

/** A member of a union may not know what another one does. */
function attempt(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (error instanceof OperationError) return undefined;
    throw error;
  }
}

function object(schema: TSchema, naming: Naming): Pair {
  const properties = Object.entries(schema["properties"] as Record<string, TSchema>);
  const content = properties.find(([, part]) => isContent(part));
  if (content === undefined) return plainObject(schema, properties, naming);
  return withContent(content[0], plainObject(schema, properties, naming), jsonName(content[0], content[1], naming));
}

/** A file's content is two fields in JSON: its text, and how that says the bytes. */
function withContent(field: string, inner: Pair, name: string): Pair {
  return {
    encode: (value, place) => {
      const bytes = isRecord(value) ? value[field] : undefined;
      if (!(bytes instanceof Uint8Array)) return inner.encode(value, place);
      const text = bytesToJson(bytes);
      const said =
        typeof text === "string" ? { [name]: text, encoding: "utf-8" } : { [name]: text.base64, encoding: "base64" };
      return { ...(inner.encode({ ...(value as object), [field]: undefined }, place) as object), ...said };
    },
    decode: (json, place) => {
      if (!isRecord(json) || json["encoding"] === undefined) return inner.decode(json, place);
      const { encoding, ...rest } = json;
      if (encoding === "utf-8") return inner.decode(rest, place);
      if (encoding !== "base64")
        throw new OperationError("invalid_input", {
          field: under(place, "encoding"),
          problem: "is neither utf-8 nor base64",
        });
      const text = rest[name];
      const bytes = bytesOfBase64(text);
      if (bytes === undefined)
        throw new OperationError("invalid_input", { field: under(place, name), problem: "is not base64" });
      return inner.decode({ ...rest, [name]: bytes }, place);
    },
  };
}

const isContent = (schema: TSchema): boolean => schema["content"] === true;

function plainObject(schema: TSchema, properties: readonly [string, TSchema][], naming: Naming): Pair {
  const fields = properties.map(([field, part]) => ({
    field,
    name: jsonName(field, part, naming),
    ...compile(part, naming),
  }));
  const byName = new Map(fields.map((each) => [each.name, each]));
  const strict = schema["additionalProperties"] === false;
  const unchanged = fields.every(({ field, name, encode }) => field === name && encode === same);
  return {
    encode: unchanged
      ? same
      : (value) => {
          if (!isRecord(value)) return value;
          const json: Record<string, unknown> = {};
          for (const { field, name, encode } of fields) {
            const part = value[field];
            if (part !== undefined) json[name] = encode === same ? part : encode(part, "");
          }
          return json;
        },
    decode: (json, place) => {
      if (!isRecord(json)) return json;
      const value: Record<string, unknown> = {};
      for (const [name, part] of Object.entries(json)) {
        const known = byName.get(name);
        if (known !== undefined) {
          const decoded = known.decode(part, under(place, name));
          value[known.field] = decoded === part ? withoutLongTexts(part) : decoded;
        }
        // JSON may name a field so; to set it would be to change what the object is.
        else if (strict || name === "__proto__") throw unknownField(under(place, name), name, byName.keys());
        else value[name] = part;
      }
      return value;
    },
  };
}

/** The error for a field that is none, with the nearest one that is. */
export function unknownField(place: string, name: string, known: Iterable<string>): OperationError<"invalid_input"> {
  const near = nearest(name, known);
  const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
  return new OperationError("invalid_input", { field: place, problem: `is not known${hint}` });
}

const under = (place: string, name: string): string => (place === "" ? name : `${place}.${name}`);

function byteStringToJson(text: string): string | Base64 {
  // Names are nearly always ASCII, and then their bytes are their characters.
  return /^[\x00-\x7f]*$/.test(text) ? text : bytesToJson(fromByteString(text));
}

function bytesToJson(bytes: Uint8Array): string | Base64 {
  try {
    return UTF8.decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

function bytesFromJson(value: unknown): Uint8Array | undefined {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (value instanceof JsonText) return value.bytes;
  // Decoded already, by what knows of its encoding.
  if (value instanceof Uint8Array) return value;
  if (!isRecord(value) || Object.keys(value).length !== 1) return undefined;
  return bytesOfBase64(value["base64"]);
}

function bytesOfBase64(text: unknown): Uint8Array | undefined {
  if (text instanceof JsonText) return text.bytesOfBase64();
  return typeof text === "string" ? decodeBase64(Buffer.from(text, "utf8")) : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof JsonText);
