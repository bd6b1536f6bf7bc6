import { isUtf8 } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { decodeBase64, type MutableBytes } from "./decode-base64.ts";
import { OperationError } from "./errors.ts";
import { type Unescaped, unescapeJson } from "./unescape-json.ts";

const BACKSLASH = 0x5c;

/** A long text is worked on for about so long before others have their turn, milliseconds. */
const TURN_MS = 5;

/**
 * A long text of a JSON document, kept as the bytes that stand between its quotes: as a string it would take up to three times as much, and
 * most long texts are the content of files. What it says is made of them in their place, once, whichever of the two is asked for.
 */
export class JsonText {
  readonly #raw: MutableBytes;
  #utf8: MutableBytes | undefined;
  #decoded: { readonly bytes: Uint8Array | undefined } | undefined;

  /** Takes the bytes over. */
  constructor(raw: MutableBytes) {
    this.#raw = raw;
  }

  /** The text in UTF-8. Throws `malformed_request` for what cannot stand in a JSON string. */
  get bytes(): Uint8Array {
    return this.#unescaped();
  }

  /** The bytes that the text says in base64; undefined where it says none. */
  bytesOfBase64(): Uint8Array | undefined {
    this.#decoded ??= { bytes: decodeBase64(this.#hasEscapes ? this.#unescaped() : (this.#utf8 ?? this.#raw)) };
    return this.#decoded.bytes;
  }

  /** Does what takes long beforehand, and lets others have their turns meanwhile. Throws as `bytes` does. */
  async prepare(): Promise<void> {
    if (!this.#hasEscapes) return;
    this.#checkUtf8();
    const work = unescapeJson(this.#raw);
    for (let untilMs = performance.now() + TURN_MS; ;) {
      const { done, value } = work.next();
      if (done === true) return void this.#take(value);
      if (performance.now() < untilMs) continue;
      await setImmediate();
      untilMs = performance.now() + TURN_MS;
    }
  }

  toString(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length).toString("utf8");
  }

  get #hasEscapes(): boolean {
    return this.#utf8 === undefined && this.#raw.includes(BACKSLASH);
  }

  #unescaped(): MutableBytes {
    if (this.#utf8 !== undefined) return this.#utf8;
    this.#checkUtf8();
    const work = unescapeJson(this.#raw);
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return this.#take(value);
    }
  }

  #take(text: Unescaped): MutableBytes {
    if (text === undefined) throw malformed("is not JSON");
    if (text === "half a pair") throw malformed("has half of a surrogate pair in a text");
    this.#utf8 = text;
    return text;
  }

  #checkUtf8(): void {
    if (!isUtf8(this.#raw)) throw malformed("is not UTF-8");
  }
}

const malformed = (problem: string) => new OperationError("malformed_request", { part: "body", problem });

/** The same JSON with strings for its long texts. */
export function withoutLongTexts(json: unknown): unknown {
  if (json instanceof JsonText) return json.toString();
  if (Array.isArray(json)) return json.map(withoutLongTexts);
  if (typeof json !== "object" || json === null || json instanceof Uint8Array) return json;
  return Object.fromEntries(Object.entries(json).map(([name, part]) => [name, withoutLongTexts(part)]));
}
