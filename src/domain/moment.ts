/** The turn of the event loop, as far as anybody has asked for it. */
let turn = 0;
let awaitsNext = false;

/** One step at the end of a turn, for all who keep something: each costs the loop a round. */
function awaitNextTurn(): void {
  if (awaitsNext) return;
  awaitsNext = true;
  setImmediate(endTurn);
}

function endTurn(): void {
  awaitsNext = false;
  turn++;
}

/** For whoever has changed something: what was looked up before is looked up again, also by those who ask within the same turn. */
export function endMoment(): void {
  turn++;
}

/**
 * Answers that hold for this turn of the event loop and no longer: requests that arrived together may share what one of them has looked up. Nobody
 * outside can have been told of a later change and have asked after it within the same turn; changes of our own end it (`endMoment`).
 */
export class Moment<T> {
  readonly #answers = new Map<string, T>();
  #turn = 0;

  /** What has been found in this turn under the key, else what `look` finds now. */
  of(key: string, look: () => T): T {
    return this.find(key, look)!;
  }

  /** The same where there may be nothing to find: then the next one looks again. */
  find(key: string, look: () => T | undefined): T | undefined {
    if (this.#turn !== turn) this.forget();
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const found = look();
    if (found === undefined) return undefined;
    awaitNextTurn();
    this.#turn = turn;
    this.#answers.set(key, found);
    return found;
  }

  /** For whoever has changed what was looked up. */
  forget(): void {
    this.#answers.clear();
  }
}
