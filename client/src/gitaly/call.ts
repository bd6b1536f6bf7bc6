import type { Channel } from "@grpc/grpc-js";

/** A call of the channel, below the streams that grpc-js makes of it: it reads no message before it is asked to. */
export type Call = ReturnType<Channel["createCall"]>;
export type CallListener = Parameters<Call["start"]>[1];

/** Cancels the call when the signal says so; answers what takes that back. */
export function cancelOn(signal: AbortSignal | undefined, cancel: () => void): (() => void) | undefined {
  if (signal === undefined) return undefined;
  if (signal.aborted) {
    cancel();
    return undefined;
  }
  signal.addEventListener("abort", cancel, { once: true });
  return () => signal.removeEventListener("abort", cancel);
}
