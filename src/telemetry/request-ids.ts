import { randomBytes } from "node:crypto";

const PREFIX_BYTES = 6;

/**
 * Makes request ids: a random prefix, drawn once, and a counter. Short, cheap, unique over restarts, and in the order in which the
 * requests came.
 */
export function requestIds(prefix: string = randomBytes(PREFIX_BYTES).toString("hex")): () => string {
  let count = 0;
  return () => `${prefix}-${(++count).toString(36)}`;
}
