import { OperationError } from "../../domain/errors.ts";
import type { RefName, Reference } from "../../domain/reference.ts";

/** Which part of a sorted list is asked for. */
export interface PageOptions {
  /** Full name of the reference behind which the page begins. */
  readonly after?: RefName | undefined;
  readonly limit?: number | undefined;
  /** The list's order, where names alone make it: a page goes on behind a reference that is not there any more. */
  readonly compare?: ((a: RefName, b: RefName) => number) | undefined;
}

/** Cuts a page out of a sorted list. Throws `page_token_not_found` when the reference before the page is not in it, and no order tells where it was. */
export function pageOfReferences(
  references: readonly Reference[],
  { after, limit, compare }: PageOptions,
): readonly Reference[] {
  let start = 0;
  if (after !== undefined) {
    start = references.findIndex(({ name }) => name === after) + 1;
    if (start === 0) {
      if (compare === undefined) throw new OperationError("page_token_not_found", { token: after });
      const next = references.findIndex(({ name }) => compare(name, after) > 0);
      start = next < 0 ? references.length : next;
    }
  }
  if (start === 0 && (limit === undefined || limit >= references.length)) return references;
  return references.slice(start, limit === undefined ? undefined : start + limit);
}
