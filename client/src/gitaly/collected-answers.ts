import { status } from "@grpc/grpc-js";
import type { Call, CallListener } from "./call.ts";
import { type CallStatus, FailedAttempt, failedAttempt } from "./error-of-status.ts";

/** Hands each message of a stream on as it comes, and waits for the status. */
export class CollectedAnswers<T> implements CallListener {
  /** Called once the call is over. */
  over: (() => void) | undefined;
  readonly #call: Call;
  readonly #decode: (bytes: Uint8Array) => T;
  readonly #take: (answer: T) => void;
  readonly #resolve: () => void;
  readonly #reject: (failure: unknown) => void;
  #refusal: unknown;

  constructor(
    call: Call,
    decode: (bytes: Uint8Array) => T,
    take: (answer: T) => void,
    settle: { readonly resolve: () => void; readonly reject: (failure: unknown) => void },
  ) {
    this.#call = call;
    this.#decode = decode;
    this.#take = take;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
  }

  onReceiveMetadata(): void {
    // Nothing of interest is in it.
  }

  /** What `take` throws ends the call. */
  onReceiveMessage(bytes: Uint8Array): void {
    if (this.#refusal !== undefined) return;
    try {
      this.#take(this.#decode(bytes));
    } catch (refusal) {
      this.#refusal = refusal;
      this.#call.cancelWithStatus(status.CANCELLED, "the answer is not wanted");
      return;
    }
    this.#call.startRead();
  }

  onReceiveStatus(ended: CallStatus): void {
    this.over?.();
    if (this.#refusal !== undefined) this.#reject(readable(this.#refusal));
    else if (ended.code === status.OK) this.#resolve();
    else this.#reject(new FailedAttempt(ended));
  }
}

/** Bytes that are no message are a failure of the server; all else was thrown on purpose. */
function readable(refusal: unknown): unknown {
  return refusal instanceof RangeError || refusal instanceof TypeError
    ? failedAttempt(status.INTERNAL, `the server's answer cannot be read: ${refusal.message}`)
    : refusal;
}
