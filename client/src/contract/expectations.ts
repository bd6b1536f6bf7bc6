import { equal, fail, ok } from "node:assert/strict";
import type { GitError } from "../errors.ts";

/** A class of errors, as `instanceof` takes it. */
type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/** What a promise rejects with; an `AssertionError` when it is fulfilled, or the error is of another class. */
export async function rejection<E extends Error>(promise: Promise<unknown>, kind: ErrorClass<E>): Promise<E> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in outcome) return fail(`expected ${kind.name}, was fulfilled`);
  const { error } = outcome;
  ok(error instanceof kind, `expected ${kind.name}, got ${describeError(error)}`);
  return error;
}

/** As `rejection`, with the words to say which of several calls it was. */
export async function rejectionOf<E extends Error>(
  what: string,
  promise: Promise<unknown>,
  kind: ErrorClass<E>,
): Promise<E> {
  try {
    return await rejection(promise, kind);
  } catch (error) {
    return fail(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as Partial<GitError>).code;
  return `${error.name}${code === undefined ? "" : ` (${code})`}: ${error.message}`;
}

/** The same bytes; which class holds them does not matter. */
export function equalBytes(actual: Uint8Array, expected: Uint8Array): void {
  ok(actual instanceof Uint8Array, "bytes are a Uint8Array");
  equal(actual.length, expected.length, `${actual.length} bytes instead of ${expected.length}`);
  const different = expected.findIndex((byte, index) => actual[index] !== byte);
  equal(different, -1, `byte ${different} differs`);
}

/** The bytes are this text in UTF-8. */
export function equalText(actual: Uint8Array, expected: string): void {
  equal(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(actual), expected);
}

/** All that a stream gives. */
export async function gathered<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Pieces of bytes as one. */
export async function joined(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces = await gathered(stream);
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
