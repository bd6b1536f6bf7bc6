/** One after the other for each key: whoever comes later waits for those before him. */
export class KeyedTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs when it has the turn of every key. Keys are taken in one order, so that nobody waits in a circle. */
  async run<T>(keys: readonly string[], run: () => Promise<T>): Promise<T> {
    const [key, ...others] = [...new Set(keys)].sort();
    if (key === undefined) return run();
    const before = this.#last.get(key);
    const turn = (async () => {
      await before?.catch(() => undefined);
      return this.run(others, run);
    })();
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
