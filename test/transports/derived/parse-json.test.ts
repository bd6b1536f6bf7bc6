import { describe, expect, test } from "bun:test";
import { JsonText, withoutLongTexts } from "../../../src/domain/json-text.ts";
import { parseJson } from "../../../src/transports/api/derived/parse-json.ts";
import { failureOf } from "../../support/failure-of.ts";

const LONG = "line\n".repeat(20_000);
const parse = (text: string): unknown => parseJson(Buffer.from(text)).value;

async function problemOf(text: string | Uint8Array): Promise<string | undefined> {
  const error = await failureOf((async () => withoutLongTexts(parseJson(Buffer.from(text)).value))());
  return (error as { details?: { problem?: string } }).details?.problem;
}

describe("parseJson", () => {
  test("is JSON.parse, but for long texts, which stay bytes", () => {
    const values: unknown[] = [
      null,
      1.5,
      "x",
      'a\\"b:,{}[]',
      [],
      [1, "2", [3, { four: 4 }]],
      { a: { b: [{ c: ":" }] }, "d:e": "f\\", '"': "" },
      { content: LONG, list: [LONG, "short", `${LONG}"\\`], __proto__: 1 },
      LONG,
    ];
    for (const value of values)
      for (const space of [0, 2]) expect(withoutLongTexts(parse(JSON.stringify(value, null, space)))).toEqual(value);
    const { content, list } = parse(JSON.stringify(values[7])) as { content: unknown; list: unknown[] };
    expect([content, ...list].map((each) => each instanceof JsonText)).toEqual([true, true, false, true]);
  });

  test("a long name stays one, and a text that looks like our own marks is a text", () => {
    expect(parse(JSON.stringify({ [LONG]: "x" }))).toEqual({ [LONG]: "x" });
    expect(withoutLongTexts(parse(JSON.stringify([LONG, "0", " 0", "undefined 0"])))).toEqual([
      LONG,
      "0",
      " 0",
      "undefined 0",
    ]);
  });

  test("refuses a name that stands twice in one object, and only that", async () => {
    const twice = "has an object in which a name stands twice";
    expect(await problemOf('{"a": 1, "b": 2, "a": 3}')).toBe(twice);
    expect(await problemOf('{"x": [{"a": 1, "\\u0061": 3}]}')).toBe(twice);
    expect(await problemOf('{"__proto__": 1, "__proto__": 2}')).toBe(twice);
    expect(parse('{"a": {"a": [{"a": "a:a"}, {"a": 1}]}}')).toEqual({ a: { a: [{ a: "a:a" }, { a: 1 }] } });
  });

  test("refuses what is no JSON", async () => {
    for (const text of [
      "{",
      '"',
      '"a',
      "{]",
      "[1,]",
      '{"a" 1}',
      "a",
      '{"a":"\\x"}',
      `["${LONG}]`,
      `"${"x".repeat(70_000)}`,
    ])
      expect([text.slice(0, 9), await problemOf(text)]).toEqual([text.slice(0, 9), "is not JSON"]);
    expect(await problemOf(Buffer.from([0x22, 0xff, 0x22]))).toBe("is not UTF-8");
    expect(await problemOf('["\\ud83d"]')).toBe("has half of a surrogate pair in a text");
    expect(await problemOf(`["${"x".repeat(70_000)}\\ud83d"]`)).toBe("has half of a surrogate pair in a text");
  });

  test("refuses what would take far more memory than it has bytes", async () => {
    expect(await problemOf("[".repeat(200) + "]".repeat(200))).toBe("is nested deeper than 100");
    expect(await problemOf(`[${"{},".repeat(600_000)}0]`)).toBe("has more than 1000000 values");
    expect(parse("[".repeat(100) + "]".repeat(100))).toBeDefined();
  });
});
