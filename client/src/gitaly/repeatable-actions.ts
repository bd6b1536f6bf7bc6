import type { FileAction } from "../domain/file-action.ts";

type Source = Iterable<FileAction> | AsyncIterable<FileAction>;

/** Contents of a source that gives its actions only once, kept for another attempt up to this size. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

/** Actions that can be gone through again when a call has to be made again. */
export class RepeatableActions {
  readonly #source: Source;
  readonly #kept: FileAction[] = [];
  #keptBytes = 0;
  #rest: Iterator<FileAction> | AsyncIterator<FileAction> | undefined;

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
    yield* this.#kept;
    const rest = (this.#rest ??= iteratorOf(source));
    for (;;) {
      const { value, done } = await rest.next();
      if (done === true) return;
      this.#keep(value);
      yield value;
    }
  }

  /** Lets the source clean up behind itself, if it was not read to its end. */
  async close(): Promise<void> {
    await this.#rest?.return?.();
  }

  #keep(action: FileAction): void {
    this.#keptBytes += "content" in action ? (action.content?.length ?? 0) : 0;
    if (this.repeatable) this.#kept.push(action);
    else this.#kept.length = 0;
  }
}

function iteratorOf(source: Source): Iterator<FileAction> | AsyncIterator<FileAction> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Of anything else it cannot be known without taking from it. */
function givesAgain(source: Source): source is readonly FileAction[] | ReadonlySet<FileAction> {
  return Array.isArray(source) || source instanceof Set;
}
