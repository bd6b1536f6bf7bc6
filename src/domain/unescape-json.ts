import type { MutableBytes } from "./decode-base64.ts";

/** So much is unescaped at once, so that the strings on the way are small. */
const CHUNK_BYTES = 256 * 1024;
/** `\u0000`, less its last byte. */
const ESCAPE_REST_BYTES = 5;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** What has become of a text: undefined where it cannot stand in a JSON string, "half a pair" where an escape is half of a surrogate pair. */
export type Unescaped = MutableBytes | "half a pair" | undefined;

/**
 * Makes of the inside of a JSON string, in UTF-8, what it says, where it stands: an escape is never shorter than what it stands for. Pauses
 * every so often: a large text takes long, and others wait.
 */
export function* unescapeJson(raw: MutableBytes): Generator<void, Unescaped> {
  const first = yield* firstEscape(raw);
  if (first === undefined) return undefined;
  if (first === raw.length) return raw;
  let length = first;
  for (let at = first; at < raw.length;) {
    const end = cutBefore(raw, at, at + CHUNK_BYTES);
    const chunk = parseInside(raw.subarray(at, end));
    if (chunk === undefined) return undefined;
    const isSplit = isHighSurrogate(chunk.charCodeAt(chunk.length - 1)) && end < raw.length;
    // The other half begins the next chunk: this one goes with it.
    const said = isSplit ? chunk.slice(0, -1) : chunk;
    if (!said.isWellFormed()) return "half a pair";
    length += raw.write(said, length, "utf8");
    at = isSplit ? end - ESCAPE_REST_BYTES - 1 : end;
    yield;
  }
  return raw.subarray(0, length);
}

/** Where the first escape stands, or the length; undefined where a control character does: those have to be escaped. */
function* firstEscape(raw: Buffer): Generator<void, number | undefined> {
  for (let from = 0; from < raw.length; from += CHUNK_BYTES) {
    const end = Math.min(from + CHUNK_BYTES, raw.length);
    for (let at = from; at < end; at++) {
      const byte = raw[at]!;
      if (byte === BACKSLASH) return at;
      if (byte < SPACE) return undefined;
    }
    yield;
  }
  return raw.length;
}

/** The last place up to `wanted` that is neither within an escape nor within a character. */
function cutBefore(raw: Buffer, from: number, wanted: number): number {
  if (wanted >= raw.length) return raw.length;
  for (let at = wanted - 1; at >= wanted - ESCAPE_REST_BYTES; at--) {
    if (raw[at] !== BACKSLASH) continue;
    let first = at;
    while (first > from && raw[first - 1] === BACKSLASH) first--;
    // Of an odd number the last one begins an escape; of an even number each second one ends one.
    if ((at - first) % 2 === 0) return at;
    break;
  }
  let cut = wanted;
  while ((raw[cut]! & 0xc0) === 0x80) cut--;
  return cut;
}

function parseInside(raw: Buffer): string | undefined {
  try {
    return JSON.parse(`"${raw.toString("utf8")}"`) as string;
  } catch {
    return undefined;
  }
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
