/** What may be said of any call. */
export interface CallOptions {
  /** Ends the call; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** For the call as a whole, its further attempts included; the client's own without. */
  readonly timeoutMs?: number;
  /** Try again also when a change may have been made already and cannot be told from a first attempt. */
  readonly retryUnsafe?: boolean;
}
