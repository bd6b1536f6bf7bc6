import { OperationError } from "../../../domain/errors.ts";

/** A list without pages is told whole; one that is longer needs pages. */
const ITEMS_MAX = 10_000;

/** The items of a list as a page without a next one. Throws `unsupported` for a list that needs pages. */
export async function collectItems(batches: AsyncIterable<unknown[]>) {
  const items: unknown[] = [];
  for await (const batch of batches) {
    items.push(...batch);
    if (items.length > ITEMS_MAX)
      throw new OperationError("unsupported", { what: `a list of more than ${ITEMS_MAX} items over REST` });
  }
  return { items, nextCursor: null };
}
