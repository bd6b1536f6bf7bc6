import type { ServerChannel } from "ssh2";
import { OperationError } from "../../../domain/errors.ts";

/**
 * What a client sends on a channel, no faster than it is read: what is not read fills the channel's window, and the client waits. Ends
 * with the client's end of file; rejects with `canceled` when the signal fires. Can be iterated once, and never closes the channel: the
 * answer is still to be sent on it.
 */
export async function* channelInput(
  channel: ServerChannel,
  signal: AbortSignal,
  received: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let ended = channel.readableEnded;
  let wake: (() => void) | undefined;
  const onReadable = () => wake?.();
  const onEnd = () => {
    ended = true;
    wake?.();
  };
  channel.on("readable", onReadable).on("end", onEnd);
  signal.addEventListener("abort", onReadable);
  try {
    for (;;) {
      if (signal.aborted) throw new OperationError("canceled", {});
      const chunk = channel.read() as Buffer | null;
      if (chunk !== null) {
        received(chunk.length);
        yield chunk;
      } else if (ended) {
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    }
  } finally {
    signal.removeEventListener("abort", onReadable);
    channel.off("readable", onReadable).off("end", onEnd);
  }
}
