import { OperationError } from "../../../domain/errors.ts";

/** Begins every cursor of a result that was cut; operations' own cursors have no dot. */
const PREFIX = "cut.";

/** Where a result that was cut goes on. It carries no rights: the operation is run again, and the rest of its result given. */
export interface CutState {
  /** The result's field that is being given in parts; of a download empty. */
  readonly field: string;
  /** Items of it that have been given; of text characters, of a download bytes. */
  readonly from: number;
  /** Characters of the first item's longest text that have been given. */
  readonly inside: number;
  /** Hash of the whole result: what has changed since is not joined. */
  readonly hash: string;
  /** The operation's own cursor, and limit, with which the result was made. */
  readonly cursor?: string;
}

export function encodeCut({ field, from, inside, hash, cursor }: CutState): string {
  return PREFIX + Buffer.from(JSON.stringify([field, from, inside, hash, cursor ?? null])).toString("base64url");
}

/** The state of a cursor; undefined for one that is the operation's own. Throws `page_token_not_found` for what is neither. */
export function decodeCut(cursor: string): CutState | undefined {
  if (!cursor.startsWith(PREFIX)) return undefined;
  try {
    const state: unknown = JSON.parse(Buffer.from(cursor.slice(PREFIX.length), "base64url").toString("utf8"));
    if (Array.isArray(state)) {
      const [field, from, inside, hash, own] = state as unknown[];
      const known = typeof field === "string" && isCount(from) && isCount(inside) && typeof hash === "string";
      if (known && (own === null || typeof own === "string"))
        return { field, from, inside, hash, ...(own !== null && { cursor: own }) };
    }
  } catch {
    // Neither JSON nor ours: told below.
  }
  throw new OperationError("page_token_not_found", { token: cursor });
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
