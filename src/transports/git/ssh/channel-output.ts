import type { Socket } from "node:net";
import type { ServerChannel } from "ssh2";
import { OperationError } from "../../../domain/errors.ts";

/** Writes to a client no faster than it reads: neither the channel's window nor the connection may be full. */
export class ChannelOutput {
  readonly #channel: ServerChannel;
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #sent: (bytes: number) => void;

  constructor(channel: ServerChannel, socket: Socket, signal: AbortSignal, sent: (bytes: number) => void) {
    this.#channel = channel;
    this.#socket = socket;
    this.#signal = signal;
    this.#sent = sent;
  }

  stdout(output: string | Uint8Array): Promise<void> {
    return this.#write(this.#channel, output);
  }

  stderr(output: string | Uint8Array): Promise<void> {
    return this.#write(this.#channel.stderr, output);
  }

  async #write(stream: NodeJS.WritableStream, output: string | Uint8Array): Promise<void> {
    const bytes = typeof output === "string" ? Buffer.from(output, "utf8") : asBuffer(output);
    if (bytes.length === 0) return;
    // The connection first: a client may open a window of gigabytes and read none of it.
    if (this.#socket.writableNeedDrain) await this.#until((done) => once(this.#socket, "drain", done));
    let written = false;
    let onWritten: (() => void) | undefined;
    this.#throwIfGone();
    stream.write(bytes, () => {
      written = true;
      onWritten?.();
    });
    this.#sent(bytes.length);
    if (!written) {
      await this.#until((done) => {
        onWritten = done;
        return () => (onWritten = undefined);
      });
    }
  }

  /** Waits for something, or until the client has gone. */
  async #until(listen: (done: () => void) => () => void): Promise<void> {
    this.#throwIfGone();
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#signal.removeEventListener("abort", done);
        stop();
        resolve();
      };
      const stop = listen(done);
      this.#signal.addEventListener("abort", done);
    });
    this.#throwIfGone();
  }

  #throwIfGone(): void {
    if (this.#signal.aborted) throw new OperationError("canceled", {});
  }
}

function once(socket: Socket, event: "drain", done: () => void): () => void {
  socket.once(event, done);
  return () => void socket.off(event, done);
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
