import { OperationError } from "../../../domain/errors.ts";

/** A part of a text. Offsets are of bytes, `next` is of characters. */
export interface TextPart {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly next: number | undefined;
}

/** A part ends with a line where one ends in its last fifth. */
const LINE_SHARE = 0.8;
/** Characters of base64 that stand for whole bytes. */
const BASE64_STEP = 4;
const BASE64_BYTES = 3;

/** Length as JSON, in bytes. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? "");

/** So much of a text from a character on as takes at most `room` bytes as JSON. Throws `page_token_not_found` for a place behind its end. */
export function cutText(whole: string, from: number, room: number, isBase64: boolean): TextPart {
  if (from > whole.length) throw new OperationError("page_token_not_found", { token: String(from) });
  const end = isBase64 ? endOfBase64(whole, from, room) : endOfText(whole, from, room);
  const bytes = isBase64 ? bytesOfBase64 : Buffer.byteLength;
  const before = bytes(whole.slice(0, from));
  const text = whole.slice(from, end);
  return {
    text,
    from: before,
    to: before + bytes(text),
    total: bytes(whole),
    next: end < whole.length ? end : undefined,
  };
}

const bytesOfBase64 = (text: string): number =>
  (text.length / BASE64_STEP) * BASE64_BYTES - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);

function endOfBase64(whole: string, from: number, room: number): number {
  return Math.min(whole.length, from + Math.max(BASE64_STEP, room - (room % BASE64_STEP)));
}

function endOfText(whole: string, from: number, room: number): number {
  let end = Math.min(whole.length, from + room);
  for (let size = jsonBytes(whole.slice(from, end)); size > room; size = jsonBytes(whole.slice(from, end))) {
    const fitting = Math.floor(((end - from) * room * 0.97) / size);
    end = from + Math.max(1, fitting);
    if (fitting <= 1) break;
  }
  if (end >= whole.length) return whole.length;
  const line = whole.lastIndexOf("\n", end - 1) + 1;
  if (line > from + (end - from) * LINE_SHARE) return line;
  // The first half of a character is nothing by itself.
  return isHighSurrogate(whole.charCodeAt(end - 1)) ? (end - 1 > from ? end - 1 : end + 1) : end;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
