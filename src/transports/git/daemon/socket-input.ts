import type { Socket } from "node:net";
import { OperationError } from "../../../domain/errors.ts";

/** Bytes that may wait for a reader before the client has to. */
const WAITING_BYTES_MAX = 256 * 1024;

/**
 * What comes from a socket, no faster than it is read. Listens also while nobody reads: the end of a client is seen at once. Unlike the
 * socket's own iterator it leaves the socket open.
 */
export class SocketInput implements AsyncIterable<Buffer> {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  /** `ended` is called when the client has sent its last byte. */
  constructor(socket: Socket, signal: AbortSignal, events: { received(): void; ended(): void }) {
    this.#socket = socket;
    this.#signal = signal;
    socket.on("data", (data: Buffer) => {
      events.received();
      this.#waiting.push(data);
      this.#waitingBytes += data.length;
      if (this.#waitingBytes >= WAITING_BYTES_MAX) socket.pause();
      this.#wake?.();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#wake?.();
      events.ended();
    });
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  /** The next bytes; undefined at the end. Rejects with `canceled` once the signal has fired. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#signal.aborted) throw new OperationError("canceled", {});
      const data = this.#waiting.shift();
      if (data !== undefined) {
        this.#waitingBytes -= data.length;
        if (this.#waitingBytes < WAITING_BYTES_MAX && this.#socket.isPaused()) this.#socket.resume();
        return data;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (let data = await this.next(); data !== undefined; data = await this.next()) yield data;
  }
}
