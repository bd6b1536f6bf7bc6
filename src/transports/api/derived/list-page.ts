import { Maybe, type TSchema } from "../../../contract/fields.ts";
import { decodeCursor, encodeCursor, pageFields } from "../../../contract/page.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { HttpRoute, Operation } from "../../../contract/operation.ts";
import type { DerivedField } from "./derived-field.ts";

/** A list without pages is told whole; one that is longer needs pages. */
const ITEMS_MAX = 10_000;
const PAGE_LIMIT_MAX = 1000;
const PAGE_LIMIT_DEFAULT = 100;

/** The fields of a list that is given in pages: a limit with bounds, and a cursor in place of `after`. */
export function pagedFields(fields: Map<string, DerivedField>): Map<string, DerivedField> {
  fields.delete("after");
  for (const [field, schema] of Object.entries(pageFields(PAGE_LIMIT_MAX)))
    fields.set(field, { field, name: field, schema: Maybe(schema as TSchema) });
  return fields;
}

/** What the operation is asked for: one item more than the page has, to see whether there is another page. Throws `page_token_not_found`. */
export function pagedInput({ cursor, limit, ...input }: Record<string, unknown>): {
  readonly input: Record<string, unknown>;
  readonly limit: number;
} {
  const items = limit === undefined ? PAGE_LIMIT_DEFAULT : limit;
  if (typeof items !== "number" || items < 1 || items > PAGE_LIMIT_MAX)
    throw new OperationError("invalid_input", { field: "limit", problem: `is no number from 1 to ${PAGE_LIMIT_MAX}` });
  const after = typeof cursor === "string" ? decodeCursor(cursor, ["after"]).after : undefined;
  return { input: { ...input, limit: items + 1, ...(after !== undefined && { after }) }, limit: items };
}

/** The page, and where the next one begins. */
export async function pageOfList(
  batches: AsyncIterable<unknown[]>,
  limit: number,
  key: NonNullable<HttpRoute["pageKey"]>,
) {
  const items: unknown[] = [];
  for await (const batch of batches) items.push(...batch);
  const page = items.slice(0, limit);
  const last = page.at(-1) as Record<string, string | number> | undefined;
  const keyOf = (item: Record<string, string | number>) =>
    typeof key === "function" ? key(item as never) : item[key]!;
  const nextCursor = items.length > limit && last !== undefined ? encodeCursor({ after: keyOf(last) }) : null;
  return { items: page, nextCursor };
}

/** The items of a list without pages. Throws `unsupported` for a list that needs them. */
export async function wholeList(batches: AsyncIterable<unknown[]>) {
  const items: unknown[] = [];
  for await (const batch of batches) {
    items.push(...batch);
    if (items.length > ITEMS_MAX)
      throw new OperationError("unsupported", { what: `a list of more than ${ITEMS_MAX} items in one answer` });
  }
  return { items, nextCursor: null };
}

/** Is this list given in pages? */
export const isPaged = ({ operation, route }: { readonly operation: Operation; readonly route: HttpRoute }): boolean =>
  operation.shape === "list" && route.pageKey !== undefined;
