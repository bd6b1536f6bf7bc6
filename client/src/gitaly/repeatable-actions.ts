import type { FileAction } from "../domain/file-action.ts";
import type { GitError } from "../errors.ts";
import { gitError } from "./error-of-status.ts";

type Source = Iterable<FileAction> | AsyncIterable<FileAction>;

/** Contents of a source that gives its actions only once, kept for another attempt up to this size. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

/** Actions that can be gone through again when a call has to be made again. */
export class RepeatableActions {
  readonly #source: Source;
  readonly #kept: FileAction[] = [];
  #keptBytes = 0;
  #taken = 0;
  #rest: Iterator<FileAction> | AsyncIterator<FileAction> | undefined;
  /** What the source is asked for now. An attempt that is over may still wait for it: the next one waits for the same. */
  #next: Promise<IteratorResult<FileAction, unknown>> | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** False when what was given is too much to be kept: another attempt would lack its beginning. */
  get repeatable(): boolean {
    return this.#keptBytes <= KEPT_BYTES_MAX;
  }

  /** The source itself can be gone through as often as one likes. */
  get givenAgain(): boolean {
    return givesAgain(this.#source);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FileAction, void, undefined> {
    const source = this.#source;
    if (givesAgain(source)) {
      yield* source;
      return;
    }
    for (let given = 0; ; given++) {
      if (given < this.#taken) {
        yield this.#keptAt(given);
      } else {
        const { value, done } = await (this.#next ??= this.#take());
        if (done === true) return;
        yield value;
      }
    }
  }

  /** Lets the source clean up behind itself, if it was not read to its end. One that does not answer is not waited for. */
  async close(): Promise<void> {
    const cleaned = Promise.resolve(this.#rest?.return?.());
    if (this.#next === undefined) await cleaned;
    else cleaned.catch(() => undefined);
  }

  async #take(): Promise<IteratorResult<FileAction, unknown>> {
    try {
      const taken = await (this.#rest ??= iteratorOf(this.#source)).next();
      if (taken.done !== true) this.#keep(taken.value);
      return taken;
    } finally {
      this.#next = undefined;
    }
  }

  #keptAt(index: number): FileAction {
    const action = this.#kept[index];
    if (action === undefined) throw tooLargeToRepeat();
    return action;
  }

  #keep(action: FileAction): void {
    this.#taken++;
    this.#keptBytes += "content" in action ? (action.content?.length ?? 0) : 0;
    if (this.repeatable) this.#kept.push(action);
    else this.#kept.length = 0;
  }
}

/** What was sent before may have arrived. */
export function tooLargeToRepeat(): GitError {
  return gitError("the actions are too large to be sent again, and their source gives them once", {
    code: "UNAVAILABLE",
    outcomeUnknown: true,
  });
}

function iteratorOf(source: Source): Iterator<FileAction> | AsyncIterator<FileAction> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Of anything else it cannot be known without taking from it. */
function givesAgain(source: Source): source is readonly FileAction[] | ReadonlySet<FileAction> {
  return Array.isArray(source) || source instanceof Set;
}
