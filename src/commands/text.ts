import { type ByteString, encodeUtf8, toByteString } from "../domain/bytes.ts";
import { quotePath } from "../domain/quote-path.ts";

/** Bytes in JSON: text where they are UTF-8, else this. */
export type Text = string | { readonly base64: string };

/** The bytes that a text stands for. */
export function bytesOf(text: Text): Uint8Array {
  return typeof text === "string" ? Buffer.from(text, "utf8") : Buffer.from(text.base64, "base64");
}

export const byteStringOf = (text: Text): ByteString =>
  typeof text === "string" ? encodeUtf8(text) : toByteString(bytesOf(text));

/** Control characters: a name must not be able to steer the terminal of whoever reads it. */
// eslint-disable-next-line no-control-regex
const STEERING = /[\x00-\x1f\x7f\u0080-\u009f"\\]/;

/** A name or path for a person: as it is, or quoted as git does where it is not plain text (git-config(1), `core.quotePath`). */
export function shown(text: Text): string {
  return typeof text === "string" && !STEERING.test(text) ? text : quotePath(byteStringOf(text));
}

/** Text of several lines for a person, without what steers terminals. */
export function shownLines(text: Text): string[] {
  const decoded = Buffer.from(bytesOf(text)).toString("utf8");
  // eslint-disable-next-line no-control-regex
  return decoded
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/[\x00-\x08\x0b-\x1f\x7f-\u009f]/g, "\ufffd"));
}

/** A text of one line for a person. */
export const shownLine = (text: Text): string => shownLines(text).join(" ");
