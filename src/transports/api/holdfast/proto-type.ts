import type { MessageField, ScalarType } from "./message-type.ts";

/** What scalars are called in .proto files. */
export const SCALARS: Readonly<Record<Exclude<ScalarType, "instant">, string>> = {
  string: "string",
  repository: "string",
  byte_string: "bytes",
  bytes: "bytes",
  bool: "bool",
  integer: "int64",
  big_integer: "int64",
  double: "double",
};

export const TIMESTAMP = "google.protobuf.Timestamp";

/** The type of a field as a .proto file has it, without the package of our own messages: `repeated Commit`. */
export function protoTypeOf({ type, label }: Pick<MessageField, "type" | "label">): string {
  const name = typeof type === "object" ? type.name : type === "instant" ? TIMESTAMP : SCALARS[type];
  if (label === "repeated") return `repeated ${name}`;
  return label === "map" ? `map<string, ${name}>` : name;
}
