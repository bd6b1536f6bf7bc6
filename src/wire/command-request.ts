import type { ByteString } from "../domain/bytes.ts";
import { OperationError } from "../domain/errors.ts";
import type { ObjectFormat } from "../domain/oid.ts";
import { lineOf, type PacketReader } from "./pkt-line.ts";
import { REQUEST_BYTES_MAX, REQUEST_LINES_MAX } from "./request-limits.ts";
import { WireRefusal } from "./wire-refusal.ts";

/** A request of version 2: a command, and its arguments. */
export interface CommandRequest {
  readonly command: string;
  /** Whoever has read them may empty the list: they can be many, and a conversation long. */
  readonly args: ByteString[];
}

/** Capabilities that a client may send along with a command. */
const CLIENT_CAPABILITIES = new Set(["agent", "server-option", "object-format", "session-id"]);

/**
 * Reads a request (gitprotocol-v2(5)); undefined when the client has no more. Throws `protocol_error` for an unknown command or
 * capability, and for another object format than the repository's.
 */
export async function readCommandRequest(
  reader: PacketReader,
  commands: readonly string[],
  format: ObjectFormat,
): Promise<CommandRequest | undefined> {
  const lines = new RequestLines(reader);
  let command: string | undefined;
  let clientFormat = "sha1";
  let seen = false;
  for (;;) {
    const packet = await lines.next();
    if (packet === undefined && seen) throw cutOff();
    if (packet === undefined || (packet === "flush" && !seen)) return undefined;
    if (packet === "flush" || packet === "delim") {
      if (command === undefined) throw new WireRefusal("no command requested");
      if (clientFormat !== format) {
        throw new WireRefusal(`mismatched object format: server ${format}; client ${clientFormat}`);
      }
      return { command, args: packet === "flush" ? [] : await lines.untilFlush() };
    }
    if (packet === "response-end")
      throw new OperationError("protocol_error", { problem: "unexpected response end packet" });
    seen = true;
    const line = lineOf(packet);
    const [key, value] = keyAndValue(line);
    if (key === "command") {
      if (command !== undefined) {
        throw new WireRefusal(`command '${value}' requested after already requesting command '${command}'`);
      }
      if (!commands.includes(value)) throw new WireRefusal(`invalid command '${value}'`);
      command = value;
    } else if (!CLIENT_CAPABILITIES.has(key)) throw new WireRefusal(`unknown capability '${line}'`);
    else if (key === "object-format") clientFormat = value;
  }
}

function keyAndValue(line: ByteString): [string, string] {
  const equals = line.indexOf("=");
  return equals < 0 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
}

const cutOff = (): OperationError =>
  new OperationError("protocol_error", { problem: "the input ends within a request" });

/** Reads the packets of one request, counting them. */
class RequestLines {
  readonly #reader: PacketReader;
  #lines = 0;
  #bytes = 0;

  constructor(reader: PacketReader) {
    this.#reader = reader;
  }

  async next() {
    const packet = await this.#reader.next();
    if (packet instanceof Buffer) {
      this.#bytes += packet.length;
      if (++this.#lines > REQUEST_LINES_MAX) throw tooLarge("lines of a request", this.#lines, REQUEST_LINES_MAX);
      if (this.#bytes > REQUEST_BYTES_MAX) throw tooLarge("request", this.#bytes, REQUEST_BYTES_MAX);
      refuseError(packet);
    }
    return packet;
  }

  async untilFlush(): Promise<ByteString[]> {
    const lines: ByteString[] = [];
    for (;;) {
      const packet = await this.next();
      if (packet === undefined) throw cutOff();
      if (packet === "flush") return lines;
      if (typeof packet === "string") throw new WireRefusal("expected flush after arguments");
      lines.push(lineOf(packet));
    }
  }
}

const tooLarge = (what: string, sizeBytes: number, limitBytes: number): OperationError =>
  new OperationError("too_large", { what, sizeBytes, limitBytes });

/** A client that sends `ERR` has given up. Throws `protocol_error`. */
export function refuseError(packet: Buffer): void {
  if (packet.length < 4 || packet.toString("latin1", 0, 4) !== "ERR ") return;
  throw new OperationError("protocol_error", { problem: `the client gave up: ${lineOf(packet).slice(4, 1000)}` });
}
