import { CommandFailure } from "../commands/failure.ts";

/** Longest line: a message of the largest size that a server takes, and what escapes make of it. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Lines of UTF-8, without their ends and without empty ones. Throws a CommandFailure for one that is too long. */
export async function* inputLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  const line = (last: Uint8Array) => {
    const text = Buffer.concat([...pieces, last])
      .toString("utf8")
      .trim();
    [pieces, length] = [[], 0];
    return text;
  };
  for await (const piece of input) {
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      const text = line(piece.subarray(from, end));
      if (text !== "") yield text;
      from = end + 1;
    }
    const rest = piece.slice(from);
    length += rest.length;
    if (length > LINE_BYTES_MAX) throw new CommandFailure(`a line of the input is longer than ${LINE_BYTES_MAX} bytes`);
    if (rest.length > 0) pieces.push(rest);
  }
  const last = line(new Uint8Array());
  if (last !== "") yield last;
}
