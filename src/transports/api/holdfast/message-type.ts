import type { GoneField } from "./field-numbers.ts";

/**
 * How a value stands in a message: `repository` is a full name, `byte_string` a string of one character for each byte here and bytes
 * there, `instant` milliseconds since 1970 here and a Timestamp there, `integer` a number here and an int64 there.
 */
export type ScalarType =
  | "string"
  | "repository"
  | "byte_string"
  | "bytes"
  | "bool"
  | "integer"
  | "big_integer"
  | "double"
  | "instant";

export type FieldType = ScalarType | MessageType;

/** A field of a message, and of the value that it stands for. */
export interface MessageField {
  /** In snake_case. */
  readonly name: string;
  readonly number: number;
  /** The field of the value. */
  readonly property: string;
  readonly type: FieldType;
  /** `required`: a value that is not sent is empty, 0 or false; `optional`: it is not there; `one_of`: of a union. */
  readonly label: "required" | "optional" | "repeated" | "map" | "one_of";
  /** Is the value null where the field is not there? */
  readonly isNullable: boolean;
  readonly comment: string;
}

/**
 * What a message stands for. `object`: fields. `union`: one of several objects, which differ in what their field `discriminator`
 * says. `list`: items, where none is something else than no list.
 */
export type MessageKind =
  | { readonly kind: "object" }
  | { readonly kind: "list" }
  | { readonly kind: "union"; readonly discriminator: string };

/** A message of the package: what a value of the operation table is over gRPC. */
export interface MessageType {
  /** Without the package: `Commit`, `CreateCommitRequest.Action`. */
  readonly name: string;
  readonly comment: string;
  readonly shape: MessageKind;
  readonly fields: readonly MessageField[];
  /** Messages that stand inside. */
  readonly nested: readonly MessageType[];
  /** What was once in use, and is not given to anything else. */
  readonly reserved: readonly GoneField[];
}

/** The name of the package. */
export const PACKAGE = "holdfast.v1";
