/** A door in a test's way that the test opens. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();

  /** Waits until the gate is opened. */
  pass(): Promise<void> {
    this.#reached.resolve();
    return this.#opened.promise;
  }

  /** Resolves when somebody stands before the gate. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}
