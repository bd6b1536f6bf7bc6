import type { ByteString } from "../domain/bytes.ts";
import { PACKET_BYTES_MAX } from "./pkt-line.ts";

const HEADER_BYTES = 4;
/** Headers of the lengths that most lines have. */
const HEADERS: readonly string[] = Array.from({ length: 1024 }, (_, length) => length.toString(16).padStart(4, "0"));

/** Packets of text, put together as one byte string: a list of references is encoded once, not line by line. */
export class PacketText {
  #text = "";

  /** A packet with this line and a line feed. Throws RangeError for one that is too long. */
  line(line: ByteString): this {
    const length = line.length + HEADER_BYTES + 1;
    if (length > PACKET_BYTES_MAX) throw new RangeError(`a packet of ${length} bytes`);
    this.#text += (HEADERS[length] ?? length.toString(16).padStart(HEADER_BYTES, "0")) + line + "\n";
    return this;
  }

  flush(): this {
    this.#text += "0000";
    return this;
  }

  delim(): this {
    this.#text += "0001";
    return this;
  }

  get isEmpty(): boolean {
    return this.#text === "";
  }

  /** The packets so far, as bytes; what follows begins anew. */
  take(): Buffer {
    const bytes = Buffer.from(this.#text, "latin1");
    this.#text = "";
    return bytes;
  }
}
