import { OperationError } from "../../../../domain/errors.ts";

/** Neither full names of repositories nor names of references have this in them. */
const BETWEEN = "//";

/** The id of a thing in a repository, below the name of its type. */
export const idOf = (...parts: readonly string[]): string => parts.join(BETWEEN);

/** The parts of an id, the last one whatever it holds. Throws `invalid_input` for a text that has fewer. */
export function partsOfId(id: string, count: number): string[] {
  const parts: string[] = [];
  let rest = id;
  while (parts.length < count - 1) {
    const at = rest.indexOf(BETWEEN);
    if (at < 0)
      throw new OperationError("invalid_input", { field: "id", problem: "is no id that this server has told" });
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + BETWEEN.length);
  }
  return [...parts, rest];
}

/**
 * What an id stands for; null where it is not there, or not for the caller to see. Another error is given, not thrown: GraphQL tells it of that
 * node alone, and the others stay what they are.
 */
export async function nodeOf<T>(find: () => Promise<T | null>): Promise<T | null> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return error.code === "not_found" ? null : (error as never);
  }
}
