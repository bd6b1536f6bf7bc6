import { randomUUID } from "node:crypto";
import { OperationError } from "../../../domain/errors.ts";
import { JsonText } from "../../../domain/json-text.ts";

/** Texts that are longer stay bytes. */
const LONG_TEXT_BYTES = 64 * 1024;
/** Ends of strings are looked for so far one byte after the other: most are near, and a search costs more than that. */
const NEAR_BYTES = 64;

/** A value takes far more memory than the two bytes that it may have in the body. */
const VALUES_MAX = 1_000_000;
const DEPTH_MAX = 100;

const [QUOTE, BACKSLASH, COLON, COMMA, SPACE] = [0x22, 0x5c, 0x3a, 0x2c, 0x20];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const UTF8 = new TextDecoder("utf-8", { fatal: true });

export interface ParsedJson {
  /** The JSON, with JsonText in place of long texts. */
  readonly value: unknown;
  readonly longTexts: readonly JsonText[];
}

/**
 * JSON out of the bytes of a body, which it takes over. Texts above 64 KiB come as JsonText, of which no string is made. Throws `malformed_request` for
 * what is no JSON, for objects in which a name stands twice (readers differ about which one counts), for halves of surrogate pairs, and for
 * more than a million values.
 */
export function parseJson(bytes: Uint8Array): ParsedJson {
  const found = scan(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  const text = decoded(found.rest);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed("is not JSON", error);
  }
  // UTF-8 has no halves of surrogate pairs; escapes may spell one, which no bytes are.
  if (/\\u[dD][89a-fA-F]/.test(text) && !isWellFormed(value)) throw malformed("has half of a surrogate pair in a text");
  if (countMembers(value) !== found.members) throw malformed("has an object in which a name stands twice");
  const longTexts = [...found.longTexts.values()];
  return { value: longTexts.length === 0 ? value : withLongTexts(value, found.longTexts), longTexts };
}

interface Scanned {
  /** The document; in place of a long text stands its name below. */
  readonly rest: readonly Uint8Array[];
  readonly longTexts: ReadonlyMap<string, JsonText>;
  /** How many members the document's objects have, those included that another one of the same name displaces. */
  readonly members: number;
}

/** Takes long texts out of a document and counts what it has. Of what is no JSON it makes something that is none. */
function scan(bytes: Buffer): Scanned {
  const longTexts = new Map<string, JsonText>();
  const rest: Uint8Array[] = [];
  // Nobody can guess the names that stand in place of long texts.
  let secret: string | undefined;
  let [members, values, depth, from] = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== QUOTE) {
      if (byte === COLON) members++;
      else if (byte === COMMA) values++;
      else if (byte === LIST || byte === OBJECT) {
        values++;
        if (++depth > DEPTH_MAX) throw malformed(`is nested deeper than ${DEPTH_MAX}`);
      } else if (byte === LIST_END || byte === OBJECT_END) depth--;
      if (values > VALUES_MAX) throw malformed(`has more than ${VALUES_MAX} values`);
      continue;
    }
    const end = endOfString(bytes, at + 1);
    if (end < 0) break;
    if (end - at > LONG_TEXT_BYTES && !isName(bytes, end)) {
      secret ??= randomUUID();
      const name = `${secret} ${longTexts.size}`;
      longTexts.set(name, new JsonText(bytes.subarray(at + 1, end)));
      rest.push(bytes.subarray(from, at), Buffer.from(JSON.stringify(name)));
      from = end + 1;
    }
    at = end;
  }
  rest.push(bytes.subarray(from));
  return { rest, longTexts, members };
}

/** Where the quote stands that ends a string; -1 where none does. */
function endOfString(bytes: Buffer, from: number): number {
  const near = Math.min(bytes.length, from + NEAR_BYTES);
  for (let at = from; at < near; at++) {
    if (bytes[at] === QUOTE) return at;
    if (bytes[at] === BACKSLASH) at++;
  }
  for (let at = bytes.indexOf(QUOTE, from); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let before = at;
    while (before > from && bytes[before - 1] === BACKSLASH) before--;
    if ((at - before) % 2 === 0) return at;
  }
  return -1;
}

/** Is the string a member's name? Such a long one is unknown, whoever reads it. */
function isName(bytes: Buffer, end: number): boolean {
  let at = end + 1;
  while (at < bytes.length && bytes[at]! <= SPACE) at++;
  return bytes[at] === COLON;
}

function decoded(pieces: readonly Uint8Array[]): string {
  try {
    return UTF8.decode(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
  } catch (error) {
    throw malformed("is not UTF-8", error);
  }
}

/** Puts long texts where their names stand. */
function withLongTexts(value: unknown, texts: ReadonlyMap<string, JsonText>): unknown {
  const root = [value];
  for (const holder of holders(root)) {
    for (const [name, part] of Object.entries(holder)) {
      const text = typeof part === "string" ? texts.get(part) : undefined;
      // Defined, not set: a member may be called `__proto__`.
      if (text !== undefined) Object.defineProperty(holder, name, { value: text, enumerable: true });
    }
  }
  return root[0];
}

function countMembers(value: unknown): number {
  let count = 0;
  for (const holder of holders([value])) if (!Array.isArray(holder)) count += Object.keys(holder).length;
  return count;
}

/** Are all texts in the value Unicode? */
function isWellFormed(value: unknown): boolean {
  for (const holder of holders([value])) {
    for (const [name, part] of Object.entries(holder))
      if (!name.isWellFormed() || (typeof part === "string" && !part.isWellFormed())) return false;
  }
  return true;
}

/** Every list and object in a value, itself first. */
function* holders(root: object): Generator<object> {
  const left = [root];
  for (let holder = left.pop(); holder !== undefined; holder = left.pop()) {
    yield holder;
    for (const part of Object.values(holder) as unknown[])
      if (typeof part === "object" && part !== null && !(part instanceof JsonText)) left.push(part);
  }
}

const malformed = (problem: string, cause?: unknown) =>
  new OperationError("malformed_request", { part: "body", problem }, { cause });
