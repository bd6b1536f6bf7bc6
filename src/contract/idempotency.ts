/** What is remembered of a write that had an idempotency key. */
export interface RememberedWrite {
  readonly operation: string;
  /** SHA-256 of the input, in hexadecimal. */
  readonly inputHash: string;
  /** What came of it, sealed; absent while it runs, and for ever where the server died meanwhile. */
  readonly outcome?: string;
}

/** Where writes with idempotency keys are remembered. */
export interface IdempotencyStore {
  /**
   * Remembers that a write begins, unless one of the same id is remembered since `notBeforeMs`; answers that one then, and undefined
   * where the write is new.
   */
  begin(
    id: string,
    write: Omit<RememberedWrite, "outcome">,
    times: { readonly nowMs: number; readonly notBeforeMs: number },
  ): Promise<RememberedWrite | undefined>;
  /** Remembers what came of a write. */
  end(id: string, outcome: string): Promise<void>;
  /** The write has not happened, and may be tried again. */
  forget(id: string): Promise<void>;
  /** Forgets what began earlier. */
  prune(beforeMs: number): Promise<void>;
}
