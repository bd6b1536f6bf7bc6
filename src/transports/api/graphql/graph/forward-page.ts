import { decodeCursor, encodeCursor } from "../../../../contract/page.ts";
import { OperationError } from "../../../../domain/errors.ts";

const FIRST_DEFAULT = 30;
export const FIRST_MAX = 1000;

/** Arguments of a connection. */
export interface ConnectionArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** A connection of items. */
export interface ForwardPage<T> {
  readonly edges: { readonly cursor: string; readonly node: T }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** How many items are asked for. Throws `invalid_input`. */
export function firstOf({ first, last, before }: ConnectionArguments): number {
  if (isGiven(last) || isGiven(before))
    throw new OperationError("invalid_input", {
      field: isGiven(last) ? "last" : "before",
      problem: "goes backwards: lists are given forwards alone, with first and after",
    });
  const wanted = first ?? FIRST_DEFAULT;
  if (wanted >= 0 && wanted <= FIRST_MAX) return wanted;
  throw new OperationError("invalid_input", { field: "first", problem: `is no number from 0 to ${FIRST_MAX}` });
}

/** What a connection costs: itself, and as many items as are asked for. */
export const costOfConnection = ({ first }: ConnectionArguments) => ({
  field: 10,
  multiplier: Math.max(1, Math.min(first ?? FIRST_DEFAULT, FIRST_MAX)),
});

/** A page of a list that can be read from any place on: places are counted from its beginning. */
export async function pageByPlace<T>(
  args: ConnectionArguments,
  read: (skip: number, limit: number) => Promise<readonly T[]>,
): Promise<ForwardPage<T>> {
  const first = firstOf(args);
  const skip = isGiven(args.after) ? placeOf(args.after) : 0;
  // One more than is told shows whether there is another page; where no more may be read at once, it is read by itself.
  const items = first === 0 ? [] : await read(skip, Math.min(first + 1, FIRST_MAX));
  const isFull = first === FIRST_MAX && items.length === first;
  const hasNextPage = isFull ? (await read(skip + first, 1)).length > 0 : items.length > first;
  return pageOf(
    items.slice(0, first).map((node, index) => ({ cursor: encodeCursor({ skip: skip + index + 1 }), node })),
    { hasNextPage, hasPreviousPage: skip > 0 },
  );
}

/** A page of edges. */
export function pageOf<T>(
  edges: { readonly cursor: string; readonly node: T }[],
  more: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean },
): ForwardPage<T> {
  return {
    edges,
    pageInfo: { ...more, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
  };
}

function placeOf(cursor: string): number {
  const { skip } = decodeCursor(cursor, ["skip"]);
  if (!/^\d{1,7}$/.test(skip)) throw new OperationError("page_token_not_found", { token: cursor });
  return Number(skip);
}

const isGiven = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;
