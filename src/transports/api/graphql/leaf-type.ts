import { KindGuard, type TSchema } from "@sinclair/typebox";
import type { SCALARS } from "./scalars.ts";

export type LeafName = keyof typeof SCALARS | "String" | "Int" | "Float" | "Boolean" | "ID";

/** Integers of GraphQL have 32 bits. */
const INT_MAX = 2 ** 31 - 1;

/** The scalar of a schema; undefined for an object, a list and a choice. */
export function leafOf(schema: TSchema): LeafName | undefined {
  if (schema["content"] === true) return "String";
  if (schema["byteString"] === true || KindGuard.IsUint8Array(schema)) return "Bytes";
  if (KindGuard.IsBigInt(schema)) return "BigInt";
  if (schema["instant"] === true) return "DateTime";
  // Texts that GraphQL has no names for.
  if (KindGuard.IsUnion(schema) && schema.anyOf.every((member) => member["type"] === "string")) return "String";
  switch (schema["type"]) {
    case "string":
      return "String";
    case "boolean":
      return "Boolean";
    case "number":
      return "Float";
    case "integer":
      return typeof schema["maximum"] === "number" && schema["maximum"] <= INT_MAX ? "Int" : "Long";
    default:
      return undefined;
  }
}
