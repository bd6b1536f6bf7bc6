import type { CommandOutput } from "./command-host.ts";

/** Bytes that are collected before they are written: many short lines make few packets. */
const BUFFER_BYTES = 32 * 1024;

/** Collects what a command prints, and writes no faster than it can be taken. */
export class BufferedOutput implements CommandOutput {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  line(text: string): Promise<void> {
    return this.bytes(Buffer.from(`${text}\n`, "utf8"));
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= BUFFER_BYTES) await this.flush();
  }

  /** Writes what is left; to be called before anything else is said, and at the end. */
  async flush(): Promise<void> {
    const pieces = this.#pieces.splice(0);
    this.#bytes = 0;
    if (pieces.length > 0) await this.#write(Buffer.concat(pieces));
  }
}
