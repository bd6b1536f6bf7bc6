import { type ByteString, encodeUtf8, fromByteString, toByteString } from "../domain/bytes.ts";
import { UsageFailure } from "./failure.ts";
import { quotePath, unquotePath } from "../domain/quote-path.ts";

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

/** What somebody typed as a name or path: as it is, or quoted as `shown` and git quote what is not plain text. */
export function typed(word: string): Text {
  const name = unquotePath(encodeUtf8(word));
  if (name?.includes("\0") === true) throw new UsageFailure("the command has a NUL byte in it");
  return name === undefined ? word : textOf(fromByteString(name));
}

/** Bytes as JSON has them. */
export function textOf(bytes: Uint8Array): Text {
  const buffer = Buffer.from(bytes);
  const text = buffer.toString("utf8");
  return Buffer.from(text, "utf8").equals(buffer) ? text : { base64: buffer.toString("base64") };
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
