import { status } from "@grpc/grpc-js";
import type { CallListener } from "./call.ts";
import { type CallStatus, FailedAttempt, failedAttempt } from "./error-of-status.ts";

/** Waits for the one message of a call and its status. Most calls are so: it makes no more objects than it has to. */
export class SingleAnswer<T> implements CallListener {
  /** Called once the call is over. */
  over: (() => void) | undefined;
  readonly #resolve: (answer: T) => void;
  readonly #reject: (failure: unknown) => void;
  readonly #decode: (bytes: Uint8Array) => T;
  #bytes: Uint8Array | undefined;

  constructor(decode: (bytes: Uint8Array) => T, resolve: (answer: T) => void, reject: (failure: unknown) => void) {
    this.#decode = decode;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onReceiveMetadata(): void {
    // Nothing of interest is in it.
  }

  onReceiveMessage(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }

  onReceiveStatus(ended: CallStatus): void {
    this.over?.();
    if (ended.code !== status.OK) return this.#reject(new FailedAttempt(ended));
    if (this.#bytes === undefined) return this.#reject(failedAttempt(status.INTERNAL, "the server sent no answer"));
    try {
      this.#resolve(this.#decode(this.#bytes));
    } catch (cause) {
      this.#reject(failedAttempt(status.INTERNAL, `the server's answer cannot be read: ${String(cause)}`));
    }
  }
}
