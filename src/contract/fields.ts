import { type Static, type TSchema, Type } from "@sinclair/typebox";

/** Vocabulary for the inputs and outputs of operations. Sizes are in bytes, counts in items. */

/** A storage and a relative path. */
export const RepositoryField = Type.Object(
  { storage: Type.String(), relativePath: Type.String() },
  { additionalProperties: false, description: "The repository: a storage and a path below it" },
);

/** Raw bytes. Doors that speak JSON take UTF-8 text or base64 instead. */
export const BytesField = (description: string) => Type.Uint8Array({ description });

/** A file's bytes. Doors that speak JSON have two fields for it: the content as text, and `encoding`, `utf-8` or `base64`. */
export const ContentField = (description: string) => Type.Uint8Array({ description, content: true });

/**
 * Bytes as a string of one character for each byte: reference names, revisions, paths. `byteString` marks it for doors that
 * speak text.
 */
export const ByteStringField = (description: string) => Type.String({ description, byteString: true });

/**
 * A time, in milliseconds since 1970. The management API has ISO 8601 in its place, under a name without `Ms`: `createdAtMs` is
 * `created_at` there.
 */
export const InstantField = (description: string) => Type.Integer({ description, instant: true });

/** A full object id. */
export const OidField = (description: string) => Type.String({ description });

/** What a reference is expected to point to now: `expected_old` in the REST API. */
export const ExpectedOldField = (description: string) => Type.String({ description, json: "expected_old" });

/** A value that may be left out. */
export const Maybe = <T extends TSchema>(schema: T) => Type.Optional(schema);

/** How many items a list gives at most. */
export const LimitField = Type.Integer({ minimum: 0, description: "Items at most; absent: all" });

/** Which way a list is sorted; items that compare equal stay in the order of their names either way. */
export const DirectionField = Type.Union([Type.Literal("ascending"), Type.Literal("descending")]);

export { Type };
export type { Static, TSchema };
