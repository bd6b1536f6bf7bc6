import type { MessageWriter } from "./message-writer.ts";

/** Writes a field that is a PaginationCursor; it is there even where no page follows. */
export function writeCursor(writer: MessageWriter, field: number, next: string): void {
  const start = writer.begin(field);
  if (next !== "") writer.bytes(1, Buffer.from(next, "utf8"));
  writer.end(start);
}
