import { OperationError } from "../../../domain/errors.ts";
import { type CutState, encodeCut } from "./cut-cursor.ts";
import { cutText, jsonBytes } from "./cut-text.ts";

type Output = Readonly<Record<string, unknown>>;

/** Room for what says that a result was cut. */
const CUT_BYTES = 1024;
/** A field that takes less of the room is given with every part. */
const SMALL_SHARE = 1 / 4;
/** Each part has so much at least, however long the fields beside it are. */
const PART_SHARE_MIN = 1 / 10;

/** How much of a field is here. */
interface Cut {
  readonly field: string;
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly unit: "items" | "bytes";
}

interface Part {
  readonly value: unknown;
  readonly cut: Cut;
  /** Where the next part begins; undefined at the end. */
  readonly next: { readonly from: number; readonly inside: number } | undefined;
}

/**
 * A result that is no longer than `bytesMax` as JSON: itself, or a part of its long fields, one after the other, with a cursor to go on.
 * `state` is what that cursor says. Throws `page_token_not_found` where the result is another one by now, and `too_large` for one that
 * cannot be cut.
 */
export function cutResult(output: Output, bytesMax: number, state: CutState | undefined, own?: string): Output {
  if (state === undefined && isShort(output, bytesMax)) return output;
  const hash = hashOf(output);
  const long = longFields(output, bytesMax);
  const field = state?.field ?? long[0];
  if (field === undefined) throw tooLarge(jsonBytes(output), bytesMax);
  if (state !== undefined && (state.hash !== hash || !long.includes(field)))
    throw new OperationError("page_token_not_found", { token: encodeCut(state) });
  const others = withoutLong(output, long, field);
  const room = Math.max(bytesMax - CUT_BYTES - jsonBytes(others), Math.floor(bytesMax * PART_SHARE_MIN));
  const { value, cut, next } = partOf(output, field, state ?? { from: 0, inside: 0 }, room);
  const following = next === undefined ? long[long.indexOf(field) + 1] : field;
  const nextCursor =
    following === undefined
      ? (output["next_cursor"] ?? null)
      : encodeCut({
          field: following,
          from: next?.from ?? 0,
          inside: next?.inside ?? 0,
          hash,
          ...(own !== undefined && { cursor: own }),
        });
  return { ...others, [field]: value, next_cursor: nextCursor, cut };
}

function isShort(output: Output, bytesMax: number): boolean {
  // Texts of many MiB are not written down to learn that they are long.
  if (Object.values(output).some((value) => typeof value === "string" && value.length > bytesMax)) return false;
  const text = JSON.stringify(output);
  // No character takes more than three bytes.
  return text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax;
}

function hashOf(output: Output): string {
  const parts = Object.entries(output).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `${name} ${Bun.hash(text ?? "").toString(36)}`;
  });
  return Bun.hash(parts.join(" ")).toString(36);
}

/** Fields that are given in parts: texts and lists that take much of the room. */
function longFields(output: Output, bytesMax: number): string[] {
  return Object.entries(output)
    .filter(([, value]) => typeof value === "string" || Array.isArray(value) || base64Of(value) !== undefined)
    .filter(([, value]) => isLong(value, bytesMax * SMALL_SHARE))
    .map(([field]) => field);
}

const isLong = (value: unknown, bytes: number): boolean =>
  (typeof value === "string" && value.length > bytes) || jsonBytes(value) > bytes;

/** Bytes that are no UTF-8, as they travel; undefined for whatever else. */
function base64Of(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { base64, ...rest } = value as Readonly<Record<string, unknown>>;
  return typeof base64 === "string" && Object.keys(rest).length === 0 ? base64 : undefined;
}

/** The other fields; of the long ones nothing. */
function withoutLong(output: Output, long: readonly string[], field: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(output)
      .filter(([name]) => name !== field)
      .map(([name, value]) => [name, long.includes(name) ? (Array.isArray(value) ? [] : "") : value]),
  );
}

function partOf(output: Output, field: string, at: { from: number; inside: number }, room: number): Part {
  const value = output[field];
  const base64 = base64Of(value);
  const whole = base64 ?? value;
  if (typeof whole === "string") {
    const isBase64 = base64 !== undefined || output["encoding"] === "base64";
    const { text, from, to, total, next } = cutText(whole, at.from, room, isBase64);
    const cut: Cut = { field, from, to, total, unit: "bytes" };
    const given = base64 === undefined ? text : { base64: text };
    return { value: given, cut, next: next === undefined ? undefined : { from: next, inside: 0 } };
  }
  return partOfList(value as readonly unknown[], field, at, room);
}

function partOfList(
  list: readonly unknown[],
  field: string,
  { from, inside }: { readonly from: number; readonly inside: number },
  room: number,
): Part {
  if (from >= list.length && list.length > 0) throw new OperationError("page_token_not_found", { token: String(from) });
  const items: unknown[] = [];
  let left = room;
  for (let at = from; at < list.length; at++) {
    const item = list[at];
    const isBegun = at === from && inside > 0;
    const size = isBegun ? Number.POSITIVE_INFINITY : jsonBytes(item) + 1;
    if (size <= left) {
      items.push(item);
      left -= size;
      continue;
    }
    if (items.length > 0) return listPart(items, { field, from, to: at, total: list.length, unit: "items" }, at);
    return insideItem(item, field, { from, inside, isLast: from + 1 === list.length }, room);
  }
  return { value: items, cut: { field, from, to: list.length, total: list.length, unit: "items" }, next: undefined };
}

const listPart = (value: unknown[], cut: Cut, next: number): Part => ({ value, cut, next: { from: next, inside: 0 } });

/** One item that is too long by itself: a part of its longest text. */
function insideItem(
  item: unknown,
  field: string,
  { from, inside, isLast }: { readonly from: number; readonly inside: number; readonly isLast: boolean },
  room: number,
): Part {
  const fields = Object.entries((typeof item === "object" && item !== null ? item : {}) as Output);
  const texts = fields
    .map(([name, value]) => [name, base64Of(value) ?? value] as const)
    .filter((each): each is readonly [string, string] => typeof each[1] === "string");
  const [name, text] = texts.reduce((a, b) => (b[1].length > a[1].length ? b : a), ["", ""]);
  const rest = { ...(item as object), [name]: "" };
  const left = room - jsonBytes(rest);
  if (name === "" || left < room * PART_SHARE_MIN) throw tooLarge(jsonBytes(item), room);
  const isBase64 = typeof (item as Output)[name] !== "string";
  const part = cutText(text, inside, left, isBase64);
  const after = isLast ? undefined : { from: from + 1, inside: 0 };
  return {
    value: [{ ...rest, [name]: isBase64 ? { base64: part.text } : part.text }],
    cut: { field: `${field}[${from}].${name}`, from: part.from, to: part.to, total: part.total, unit: "bytes" },
    next: part.next === undefined ? after : { from, inside: part.next },
  };
}

const tooLarge = (sizeBytes: number, limitBytes: number) =>
  new OperationError("too_large", { what: "result", sizeBytes, limitBytes });
