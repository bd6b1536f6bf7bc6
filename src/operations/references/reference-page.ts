import { OperationError } from "../../domain/errors.ts";
import type { RefName, Reference } from "../../domain/reference.ts";

/** Which part of a sorted list is asked for. */
export interface PageOptions {
  /** Full name of the reference behind which the page begins. */
  readonly after?: RefName | undefined;
  readonly limit?: number | undefined;
}

/** Cuts a page out of a sorted list. Throws `page_token_not_found` when the reference before the page is not in it. */
export function pageOfReferences(
  references: readonly Reference[],
  { after, limit }: PageOptions,
): readonly Reference[] {
  let start = 0;
  if (after !== undefined) {
    start = references.findIndex(({ name }) => name === after) + 1;
    if (start === 0) throw new OperationError("page_token_not_found", { token: after });
  }
  if (start === 0 && (limit === undefined || limit >= references.length)) return references;
  return references.slice(start, limit === undefined ? undefined : start + limit);
}
