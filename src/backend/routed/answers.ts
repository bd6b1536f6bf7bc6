import { OperationError } from "../../domain/errors.ts";
import type { Reason } from "../../domain/reasons.ts";

/** What came of a call, so that two backends can be compared. */
export type Answer =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly reason: Reason | "bug"; readonly error: unknown }
  /** More than is worth keeping for a comparison. */
  | { readonly kind: "too-long" };

/** Ends that say nothing about the repository. */
const NO_ANSWER: ReadonlySet<string> = new Set([
  "canceled",
  "deadline_exceeded",
  "limit_exceeded",
  "shutting_down",
  "disk_full",
  "unsupported",
  "too_large",
]);

export function answerOfError(error: unknown): Answer {
  return { kind: "error", reason: error instanceof OperationError ? error.reason : "bug", error };
}

/** Is this an answer that another backend should give as well? */
export function isComparable(answer: Answer): boolean {
  return answer.kind === "value" || (answer.kind === "error" && !NO_ANSWER.has(answer.reason));
}

/** Are two answers the same? Errors by their reason, bytes by their content, absent and undefined alike. */
export function sameAnswer(a: Answer, b: Answer): boolean {
  if (a.kind === "error" || b.kind === "error")
    return a.kind === "error" && b.kind === "error" && a.reason === b.reason;
  return a.kind === "value" && b.kind === "value" && sameValue(a.value, b.value);
}

const TOLD_CHARACTERS_MAX = 1000;

/** A question or an answer as text for the log, within bounds; bytes as their count and beginning. */
export function tell(value: unknown): string {
  const bounded = (text: string) =>
    text.length > TOLD_CHARACTERS_MAX ? `${text.slice(0, TOLD_CHARACTERS_MAX)}…` : text;
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key: string, found: unknown) {
    // A Buffer has turned itself into something else by now.
    const original = this[key];
    if (original instanceof Uint8Array)
      return `${original.length} bytes: ${bounded(Buffer.from(original).toString("latin1"))}`;
    if (original instanceof Error) return original.message;
    return typeof found === "bigint" ? String(found) : found;
  });
  return bounded(text ?? "undefined");
}

export function tellAnswer(answer: Answer): string {
  if (answer.kind === "value") return tell(answer.value);
  return answer.kind === "error" ? `error ${answer.reason}` : "too long";
}

/** Fields that a backend fills only where it is cheap: they are compared when both have them. */
const OPTIONAL: ReadonlySet<string> = new Set(["type"]);

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameValue(item, b[index]))
    );
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (OPTIONAL.has(key) && (left[key] === undefined || right[key] === undefined)) continue;
    if (!sameValue(left[key], right[key])) return false;
  }
  return true;
}

/** Gathers a stream for a comparison: pieces of bytes as one, batches as one list, so that where they were cut does not matter. */
export class Gathered {
  readonly #bytesMax: number;
  #parts: unknown[] | undefined = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(part: unknown): void {
    if (this.#parts === undefined) return;
    this.#bytes += sizeOf(part);
    if (this.#bytes > this.#bytesMax) this.#parts = undefined;
    // Bytes are copied: the reader of the stream may do with them what it likes.
    else this.#parts.push(part instanceof Uint8Array ? Uint8Array.from(part) : part);
  }

  get answer(): Answer {
    if (this.#parts === undefined) return { kind: "too-long" };
    const parts = this.#parts;
    if (parts.length > 0 && parts.every((part) => part instanceof Uint8Array))
      return { kind: "value", value: Buffer.concat(parts) };
    return { kind: "value", value: parts.flat(1) };
  }
}

/** A rough size: what matters is that it is bounded. */
function sizeOf(part: unknown): number {
  if (part instanceof Uint8Array) return part.length;
  if (Array.isArray(part)) return part.reduce<number>((sum, item) => sum + sizeOf(item), 16);
  if (typeof part === "string") return part.length + 16;
  if (typeof part === "object" && part !== null)
    return Object.values(part).reduce<number>((sum, item) => sum + sizeOf(item), 32);
  return 8;
}
