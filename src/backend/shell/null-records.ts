import type { ByteString } from "../../domain/bytes.ts";

/** Splits output that `-z` ends with NUL bytes into records; each batch holds what one chunk completed. */
export async function* nullRecords(output: AsyncIterable<Buffer>): AsyncGenerator<ByteString[]> {
  let rest = "";
  for await (const chunk of output) {
    const records = (rest + chunk.toString("latin1")).split("\0");
    rest = records.pop()!;
    if (records.length > 0) yield records;
  }
  // Output that was cut ends without NUL; git's own never does.
  if (rest !== "") yield [rest];
}

/** Splits output into lines, likewise. */
export async function* lineRecords(output: AsyncIterable<Buffer>): AsyncGenerator<ByteString[]> {
  let rest = "";
  for await (const chunk of output) {
    const records = (rest + chunk.toString("latin1")).split("\n");
    rest = records.pop()!;
    if (records.length > 0) yield records;
  }
  if (rest !== "") yield [rest];
}
