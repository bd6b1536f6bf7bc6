import { lineOf, PacketReader } from "../../src/wire/pkt-line.ts";

/** A packet of text with a line feed, as clients send it. */
export const line = (text: string): string => `${(text.length + 5).toString(16).padStart(4, "0")}${text}\n`;

/** A request of version 2. */
export function command(name: string, args: readonly string[], capabilities: readonly string[] = []): string {
  return [line(`command=${name}`), ...capabilities.map(line), "0001", ...args.map(line), "0000"].join("");
}

/** One part, as a body that is there at once. */
export async function* bodyOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? Buffer.from(part, "latin1") : part;
}

/** What a conversation gave before it ended, and what it ended with. */
export interface Heard {
  readonly bytes: Buffer;
  readonly error: unknown;
}

export async function hear(outputs: AsyncIterable<Uint8Array>): Promise<Heard> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const output of outputs) pieces.push(Buffer.from(output));
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error };
  }
  return { bytes: Buffer.concat(pieces), error: undefined };
}

/** Packets as text: lines without their line feed, the special ones by name; side bands are left out after `packfile`. */
export async function linesOf(bytes: Uint8Array): Promise<string[]> {
  const reader = new PacketReader(bodyOf(bytes));
  const lines: string[] = [];
  for (let packet = await reader.next(); packet !== undefined; packet = await reader.next()) {
    const text = typeof packet === "string" ? packet : lineOf(packet);
    lines.push(text);
    if (text === "packfile") break;
  }
  return lines;
}

/** The pack in an answer, without its packets. */
export async function packOf(bytes: Uint8Array): Promise<Buffer> {
  const reader = new PacketReader(bodyOf(bytes));
  const pieces: Buffer[] = [];
  for (let packet = await reader.next(); packet !== undefined; packet = await reader.next()) {
    if (packet instanceof Buffer && packet[0] === 1) pieces.push(packet.subarray(1));
  }
  return Buffer.concat(pieces);
}
