import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { MessageWriter } from "./message-writer.ts";
import { giveWriter, takeWriter } from "./writer-pool.ts";

/** A message is closed before its items would come to this many bytes; a single larger item is sent alone. */
export const CHUNK_BYTES_MAX = 1024 * 1024;

/** Writes an item as one field, number below 16, of the message. */
export type WriteItem<T> = (writer: MessageWriter, item: T) => void;

/** Where a message stands in its stream. */
export interface Place {
  readonly first: boolean;
  readonly last: boolean;
}

/** Writes fields besides the items; told where the message stands. */
export type WriteRest = (writer: MessageWriter, place: Place) => void;

/** Spreads a list over messages of less than 1 MiB of items. A list without items gives no message. */
export async function* chunked<T>(
  batches: AsyncIterable<readonly T[]>,
  writeItem: WriteItem<T>,
  writeRest?: WriteRest,
): AsyncGenerator<EncodedMessage> {
  const writer = takeWriter();
  try {
    let itemBytes = 0;
    let first = true;
    for await (const batch of batches) {
      for (const item of batch) {
        const start = writer.length;
        writeItem(writer, item);
        const size = payloadBytes(writer.length - start);
        if (start > 0 && itemBytes + size >= CHUNK_BYTES_MAX) {
          const next = writer.cut(start);
          writeRest?.(writer, { first, last: false });
          first = false;
          yield EncodedMessage.of(writer.written());
          writer.clear();
          writer.raw(next);
          itemBytes = 0;
        }
        itemBytes += size;
      }
    }
    if (writer.length === 0) return;
    writeRest?.(writer, { first, last: true });
    yield EncodedMessage.of(writer.written());
  } finally {
    giveWriter(writer);
  }
}

/** Length of a message, from that of the field that holds it: a byte for the tag, then the length as a varint. */
function payloadBytes(fieldBytes: number): number {
  let payload = fieldBytes - 2;
  for (let limit = 0x80; payload >= limit; limit *= 0x80) payload--;
  return payload;
}
