import { KindGuard, type TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { fromByteString, toByteString } from "../domain/bytes.ts";

/** Bytes in JSON: text where they are UTF-8, else this. */
interface Base64 {
  readonly base64: string;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A value of the schema as JSON: bytes as text or base64, big integers as decimal strings. */
export function toJson(schema: TSchema, value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToJson(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return schema["byteString"] === true ? bytesToJson(fromByteString(value)) : value;
  return walk(schema, value, toJson);
}

/** JSON as a value of the schema; what does not fit stays as it is, for the engine to refuse. */
export function fromJson(schema: TSchema, value: unknown): unknown {
  if (KindGuard.IsUint8Array(schema)) return bytesFromJson(value) ?? value;
  if (KindGuard.IsBigInt(schema)) return typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : value;
  if (schema["byteString"] === true) {
    const bytes = bytesFromJson(value);
    return bytes === undefined ? value : toByteString(bytes);
  }
  return walk(schema, value, fromJson);
}

type Convert = (schema: TSchema, value: unknown) => unknown;

/** Converts what a container holds, by the schemas of its parts. */
function walk(schema: TSchema, value: unknown, convert: Convert): unknown {
  if (KindGuard.IsUnion(schema)) {
    const member = schema.anyOf.find((each) => Value.Check(each, value) || Value.Check(each, convert(each, value)));
    return member === undefined ? value : convert(member, value);
  }
  if (KindGuard.IsArray(schema) && Array.isArray(value)) return value.map((item) => convert(schema.items, item));
  if (KindGuard.IsObject(schema) && isRecord(value)) {
    const parts = Object.entries(value).map(([key, item]) => {
      const part = schema.properties[key];
      return [key, part === undefined ? item : convert(part, item)];
    });
    return Object.fromEntries(parts);
  }
  return value;
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
  if (!isRecord(value) || typeof value["base64"] !== "string") return undefined;
  return Buffer.from(value["base64"], "base64");
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
