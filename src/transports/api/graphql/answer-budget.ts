import { OperationError } from "../../../domain/errors.ts";

/** What operations may put into one answer, in characters: it stands in memory twice, as values and as text. */
const ANSWER_CHARACTERS_MAX = 64 * 1024 * 1024;
/** Operations of one request that run at once: each may give much. */
const AT_ONCE_MAX = 4;
/** What a value that is no text takes, or the name of a field: about as much. */
const VALUE_CHARACTERS = 8;
/** Histories of paths in one answer: each is a walk of its own, and lists may be longer than their costs say. */
const PATH_HISTORIES_MAX = 1000;

/** Bounds what the operations of one request hold in memory together: few at once, and no more when the answer is long enough. */
export class AnswerBudget {
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #characters = 0;
  #pathHistories = 0;

  /** Waits for the turn of an operation, which ends with `leave`; undefined: it is now. Throws `too_large` once the answer has too much. */
  enter(): Promise<void> | undefined {
    if (this.#running >= AT_ONCE_MAX)
      return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#begin());
    this.#running++;
    this.#begin();
    return undefined;
  }

  /** Counts what an operation gives. Throws `too_large` where the answer has too much with it. */
  add(json: unknown): void {
    this.#characters += charactersOf(json);
    this.#check();
  }

  /** Counts a walk for the history of a path. Throws `query_over_limit` where there have been too many. */
  addPathHistory(): void {
    if (++this.#pathHistories > PATH_HISTORIES_MAX)
      throw new OperationError("query_over_limit", { measure: "histories of paths", maximum: PATH_HISTORIES_MAX });
  }

  /** The operation has ended: whoever waits takes its place over. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }

  #begin(): void {
    try {
      this.#check();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  #check(): void {
    checkLength(this.#characters);
  }
}

/**
 * Throws `too_large` for an answer that is too long to be written: what stands in memory once may be told many times, as the commit that a
 * thousand files have in common, or under many names.
 */
export function checkAnswer(data: unknown): void {
  checkLength(charactersOf(data));
}

function checkLength(characters: number): void {
  if (characters > ANSWER_CHARACTERS_MAX)
    throw new OperationError("too_large", {
      what: "answer",
      sizeBytes: characters,
      limitBytes: ANSWER_CHARACTERS_MAX,
    });
}

/** About how long a value is as text. */
function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return VALUE_CHARACTERS;
  let sum = VALUE_CHARACTERS;
  // The values of lists are their items.
  for (const part of Object.values(value)) sum += VALUE_CHARACTERS + charactersOf(part);
  return sum;
}
