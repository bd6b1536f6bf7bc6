import { MessageWriter } from "./message-writer.ts";

/** Writers kept for later; each may hold a buffer of a few MiB. */
const KEPT_MAX = 4;

const kept: MessageWriter[] = [];

/**
 * Takes an empty writer whose buffer has grown already. A listing of many messages needs a large one, and memory outside of
 * the JavaScript heap is given back late.
 */
export function takeWriter(): MessageWriter {
  return kept.pop() ?? new MessageWriter();
}

/** Gives a writer back; nothing of what it holds may be used any more. */
export function giveWriter(writer: MessageWriter): void {
  writer.clear();
  if (kept.length < KEPT_MAX) kept.push(writer);
}
