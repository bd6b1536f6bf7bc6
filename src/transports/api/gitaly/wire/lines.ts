import { EncodedMessage } from "../../grpc/encoded-message.ts";
import type { WriteItem, WriteRest } from "./chunked.ts";
import { giveWriter, takeWriter } from "./writer-pool.ts";

/** Items of a message in lists of references. */
const LINES_PER_MESSAGE = 20;

interface LinesOptions<T> {
  readonly writeRest?: WriteRest;
  /** Which items count; the others are put on top of the 20. By default all count. */
  readonly counts?: (item: T) => boolean;
}

/** Spreads a list over messages of 20 items. A list without items gives no message. */
export async function* lines<T>(
  batches: AsyncIterable<readonly T[]>,
  writeItem: WriteItem<T>,
  { writeRest, counts }: LinesOptions<T> = {},
): AsyncGenerator<EncodedMessage> {
  const writer = takeWriter();
  try {
    let count = 0;
    let first = true;
    for await (const batch of batches) {
      for (const item of batch) {
        if (count === LINES_PER_MESSAGE) {
          writeRest?.(writer, { first, last: false });
          first = false;
          yield EncodedMessage.of(writer.written());
          writer.clear();
          count = 0;
        }
        writeItem(writer, item);
        if (counts === undefined || counts(item)) count++;
      }
    }
    if (writer.length === 0) return;
    writeRest?.(writer, { first, last: true });
    yield EncodedMessage.of(writer.written());
  } finally {
    giveWriter(writer);
  }
}
