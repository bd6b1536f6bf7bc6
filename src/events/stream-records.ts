import { open } from "node:fs/promises";
import { decodeRecord, type JournalRecord, RECORD_BYTES_MAX } from "./journal-record.ts";

/** How much of a segment is read at once. */
const PIECE_BYTES = 256 * 1024;

/**
 * The whole records of a segment, in order, read piece by piece; also those that are written meanwhile. Nothing for a segment that
 * has been deleted.
 */
export async function* streamRecords(path: string): AsyncGenerator<JournalRecord> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    let position = 0;
    for (let size = PIECE_BYTES; ;) {
      const bytes = Buffer.allocUnsafe(size);
      const { bytesRead } = await file.read(bytes, 0, size, position);
      const piece = bytes.subarray(0, bytesRead);
      let offset = 0;
      for (let next = decodeRecord(piece, 0); next !== undefined; next = decodeRecord(piece, offset)) {
        offset = next.end;
        yield next.record;
      }
      position += offset;
      if (offset > 0) size = PIECE_BYTES;
      // Not one whole record: the end (behind it there are zeros), or a record that is longer than the piece.
      else if (bytesRead < size || size > RECORD_BYTES_MAX || piece.readUInt32LE(0) === 0) return;
      else size *= 4;
    }
  } finally {
    await file.close();
  }
}
