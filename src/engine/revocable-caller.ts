import type { Authenticator } from "../contract/authenticator.ts";
import type { Caller } from "../contract/principal.ts";
import { OperationError } from "../domain/errors.ts";

/**
 * The caller with a signal that also fires when his credential stops being good: what runs long in his name does not outlive it.
 * `stop` ends the watching. The reason of such an end is an `unauthenticated`.
 */
export function revocable(
  caller: Caller,
  onRevoked: Authenticator["onRevoked"],
): { readonly caller: Caller; stop(): void } {
  const ending = new AbortController();
  const gone = () => ending.abort(caller.signal.reason);
  if (caller.signal.aborted) gone();
  // By hand: a signal made of others stays with those that live longer, such as a connection's.
  caller.signal.addEventListener("abort", gone, { once: true });
  const forget = onRevoked(caller.principal, () => ending.abort(new OperationError("unauthenticated", {})));
  return {
    caller: { ...caller, signal: ending.signal },
    stop() {
      forget();
      caller.signal.removeEventListener("abort", gone);
    },
  };
}
