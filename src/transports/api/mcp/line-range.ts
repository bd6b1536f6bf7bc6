import { OperationError } from "../../../domain/errors.ts";

/** Lines that are asked for alone, from 1, both included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Takes `first_line` and `last_line` out of a call's arguments; undefined where neither is there. Throws `invalid_input`. */
export function takeLines(args: Record<string, unknown>): LineRange | undefined {
  const { first_line: first = 1, last_line: last } = args;
  if (args["first_line"] === undefined && last === undefined) return undefined;
  delete args["first_line"];
  delete args["last_line"];
  if (!isLine(first)) throw notALine("first_line");
  if (last !== undefined && !isLine(last)) throw notALine("last_line");
  if (last !== undefined && last < first)
    throw new OperationError("invalid_input", { field: "last_line", problem: "is before first_line" });
  return { first, last: last ?? Number.POSITIVE_INFINITY };
}

/** A result whose content is these lines alone. Throws `invalid_input` for content that is no text, and for lines behind its end. */
export function withLines(
  output: Readonly<Record<string, unknown>>,
  { first, last }: LineRange,
): Readonly<Record<string, unknown>> {
  const { content, encoding } = output;
  if (typeof content !== "string" || encoding === "base64")
    throw new OperationError("invalid_input", { field: "first_line", problem: "asks for lines of what is no text" });
  const start = startOfLine(content, first);
  if (start === undefined)
    throw new OperationError("invalid_input", { field: "first_line", problem: "is behind the last line" });
  const end = last === Number.POSITIVE_INFINITY ? undefined : startOfLine(content, last + 1);
  return { ...output, content: content.slice(start, end) };
}

/** Where a line begins; undefined where there is none. */
function startOfLine(text: string, line: number): number | undefined {
  let at = 0;
  for (let behind = 1; behind < line; behind++) {
    at = text.indexOf("\n", at) + 1;
    if (at === 0 || at === text.length) return undefined;
  }
  return at;
}

const isLine = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;

const notALine = (field: string) =>
  new OperationError("invalid_input", { field, problem: "is no number of a line, from 1" });
