import { OperationError } from "../domain/errors.ts";
import { Maybe, type TSchema, Type } from "./fields.ts";

/** What a list is asked for: how many items, and where to go on. */
export const pageFields = (limitMax: number) => ({
  limit: Maybe(Type.Integer({ minimum: 1, maximum: limitMax, description: "Items at most" })),
  cursor: Maybe(
    Type.String({ maxLength: 4096, description: "next_cursor of the page before; the other fields stay the same" }),
  ),
});

/** A page of a list, and where the next one begins: null at the end. */
export const PageOf = <T extends TSchema>(item: T, description: string) =>
  Type.Object({
    items: Type.Array(item, { description }),
    nextCursor: Type.Union([Type.String(), Type.Null()], { description: "Gives the next page; null at the end" }),
  });

/**
 * Where a list goes on, as an opaque text. Its state names objects by id, so that a page is the same while references move; it
 * carries no rights, what it names is asked for as if it stood in the input.
 */
export function encodeCursor(state: Readonly<Record<string, string | number>>): string {
  return Buffer.from(JSON.stringify(state)).toString("base64url");
}

/** The state of a cursor that has exactly these fields, all texts. Throws `page_token_not_found` for what is none. */
export function decodeCursor<K extends string>(cursor: string, fields: readonly K[]): Record<K, string> {
  try {
    const state: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (typeof state === "object" && state !== null && fields.every((field) => field in state)) {
      const texts = fields.map((field) => [field, (state as Record<string, unknown>)[field]] as const);
      if (texts.every(([, text]) => typeof text === "string" || typeof text === "number")) {
        return Object.fromEntries(texts.map(([field, text]) => [field, String(text)])) as Record<K, string>;
      }
    }
  } catch {
    // Neither JSON nor ours: told below.
  }
  throw new OperationError("page_token_not_found", { token: cursor });
}
