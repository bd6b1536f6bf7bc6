import { describe, expect, test } from "bun:test";
import { decodeBase64 } from "../../src/domain/decode-base64.ts";
import { JsonText, withoutLongTexts } from "../../src/domain/json-text.ts";
import { Dice } from "../support/dice.ts";
import { failureOf } from "../support/failure-of.ts";

/** More than what is unescaped at once. */
const LENGTH = 300 * 1024;

/** The inside of the JSON string that says a text. */
const inside = (text: string): Buffer => Buffer.from(JSON.stringify(text).slice(1, -1));
/** The same with every UTF-16 unit escaped. */
const escaped = (text: string): Buffer =>
  Buffer.from(
    Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );
function randomBytes(seed: number, length: number): Buffer {
  const dice = new Dice(seed);
  return Buffer.from(Array.from({ length }, () => dice.below(256)));
}
const said = (raw: Buffer): Buffer => Buffer.from(new JsonText(raw).bytes);

describe("JsonText", () => {
  test("says what JSON.parse says, wherever it is cut on the way", () => {
    const dice = new Dice(7);
    const parts = ["a", "\n", "\\", '"', "é", "€", "😀", "\u0000", "/", "\\\\", "\u2028"];
    for (let turn = 0; turn < 6; turn++) {
      // The first ones shift all that follows, so that each cut falls elsewhere.
      let text = "x".repeat(turn);
      while (text.length < LENGTH) text += dice.pick(parts).repeat(1 + dice.below(9));
      expect(said(inside(text)).equals(Buffer.from(text))).toBe(true);
      expect(said(escaped(text)).equals(Buffer.from(text))).toBe(true);
    }
    for (let shift = 0; shift < 14; shift++) {
      const text = `${"x".repeat(shift)}${"😀".repeat(LENGTH / 12)}`;
      expect(said(escaped(text)).equals(Buffer.from(text))).toBe(true);
    }
  });

  test("without an escape is the bytes themselves", () => {
    const raw = inside("é".repeat(10));
    expect(new JsonText(raw).bytes.buffer).toBe(raw.buffer);
    expect(new JsonText(inside("grün")).toString()).toBe("grün");
  });

  test("refuses what cannot stand in a string", async () => {
    const problemOf = async (raw: Buffer) => {
      const error = await failureOf((async () => new JsonText(raw).bytes)());
      return (error as { details?: { problem?: string } }).details?.problem;
    };
    expect(await problemOf(Buffer.from("a\nb"))).toBe("is not JSON");
    expect(await problemOf(Buffer.from("a\\x"))).toBe("is not JSON");
    expect(await problemOf(Buffer.from("a\\u12"))).toBe("is not JSON");
    expect(await problemOf(Buffer.from([0x61, 0xff]))).toBe("is not UTF-8");
    expect(await problemOf(Buffer.from("\\ud83d"))).toBe("has half of a surrogate pair in a text");
    expect(await problemOf(Buffer.from("\\ude00\\ud83d"))).toBe("has half of a surrogate pair in a text");
  });

  test("says bytes in base64, also with its slashes escaped, and is asked again", () => {
    const bytes = randomBytes(3, LENGTH);
    const base64 = bytes.toString("base64");
    const text = new JsonText(Buffer.from(base64));
    expect(Buffer.from(text.bytesOfBase64()!).equals(bytes)).toBe(true);
    expect(Buffer.from(text.bytesOfBase64()!).equals(bytes)).toBe(true);
    const slashed = new JsonText(Buffer.from(base64.replaceAll("/", "\\/")));
    expect(Buffer.from(slashed.bytesOfBase64()!).equals(bytes)).toBe(true);
  });

  test("prepared beforehand it says the same, and the same is wrong with it", async () => {
    const text = `${'"é\n'.repeat(LENGTH)}😀`;
    const prepared = new JsonText(inside(text));
    await prepared.prepare();
    expect(Buffer.from(prepared.bytes).equals(Buffer.from(text))).toBe(true);
    const bytes = randomBytes(5, LENGTH);
    const slashed = new JsonText(Buffer.from(bytes.toString("base64").replaceAll("/", "\\/")));
    await slashed.prepare();
    expect(Buffer.from(slashed.bytesOfBase64()!).equals(bytes)).toBe(true);
    const error = await failureOf(new JsonText(Buffer.from("\\ud83d")).prepare());
    expect(error).toMatchObject({ reason: "malformed_request" });
  });

  test("becomes a string where nobody wanted bytes", () => {
    const texts = { a: [new JsonText(Buffer.from("x"))], b: { c: new JsonText(Buffer.from("\\n")) }, d: 1, e: null };
    expect(withoutLongTexts(texts)).toEqual({ a: ["x"], b: { c: "\n" }, d: 1, e: null });
  });
});

describe("decodeBase64", () => {
  test("decodes what Node.js encodes, of any length", () => {
    for (const length of [0, 1, 2, 3, 4, 49_151, 49_152, 49_153, 98_304, 200_000]) {
      const bytes = randomBytes(length, length);
      expect(Buffer.from(decodeBase64(Buffer.from(bytes.toString("base64")))!).equals(bytes)).toBe(true);
    }
  });

  test("refuses what Node.js passes over", () => {
    const long = "A".repeat(65_536);
    const wrong = [
      "A",
      "AA",
      "AAA",
      "A===",
      "====",
      "=AAA",
      "AA=A",
      "AA A",
      "AA\nA",
      "A-_A",
      "AA==AAAA",
      "é==",
      "AAA*",
    ];
    for (const text of [...wrong, `${long}AA`, `${long.slice(4)}AA==AAAA`, `${long}AA A`, ` ${long}AAA`])
      expect([text.slice(-12), decodeBase64(Buffer.from(text))]).toEqual([text.slice(-12), undefined]);
  });
});
