/** What an administrator says about sessions. */
export interface SessionSettings {
  /** Delay of the automatic commit after the last write, milliseconds. */
  readonly autocommitMs: number;
  /** How long a session that nobody uses stays, milliseconds. */
  readonly leaseMs: number;
  readonly perOwnerMax: number;
  readonly allMax: number;
  /** Is a default session made for who names none? */
  readonly defaults: boolean;
}

/** An automatic commit is put off by further writes up to so many times its delay. */
export const PUT_OFF_MAX = 4;
