import { describe, expect, test } from "bun:test";
import { BytesField, ByteStringField, ContentField, InstantField, Maybe, Type } from "../../src/contract/fields.ts";
import { jsonCodec } from "../../src/contract/json-codec.ts";
import { OperationError } from "../../src/domain/errors.ts";

const Schema = Type.Object(
  {
    expectedOid: Maybe(Type.String()),
    includeUntracked: Maybe(Type.Boolean({ json: "includeUntracked" })),
    path: ByteStringField("Path"),
    parts: Maybe(Type.Array(Type.Object({ oldName: BytesField("Name") }, { additionalProperties: false }))),
    seconds: Maybe(Type.BigInt()),
    content: Maybe(ContentField("Content")),
  },
  { additionalProperties: false },
);

const snake = jsonCodec(Schema, "snake");
const VALUES = [
  { path: "a" },
  { path: "caf\xe9", expectedOid: "1", includeUntracked: true },
  { path: "caf\xc3\xa9", parts: [{ oldName: Buffer.from([0xff]) }, { oldName: Buffer.from("x") }], seconds: 5n },
  { path: "a", content: Buffer.from("text\n") },
  { path: "a", content: Buffer.from([0, 0xff]) },
];

describe("jsonCodec", () => {
  test("what is encoded is decoded to the same", () => {
    for (const value of VALUES) expect(snake.decode(JSON.parse(JSON.stringify(snake.encode(value))))).toEqual(value);
  });

  test("fields are in snake_case but for those that say otherwise; bytes are text or base64", () => {
    expect(VALUES.map((value) => snake.encode(value))).toEqual([
      { path: "a" },
      { path: { base64: "Y2Fm6Q==" }, expected_oid: "1", includeUntracked: true },
      { path: "café", parts: [{ old_name: { base64: "/w==" } }, { old_name: "x" }], seconds: "5" },
      { path: "a", content: "text\n", encoding: "utf-8" },
      { path: "a", content: "AP8=", encoding: "base64" },
    ]);
    expect(jsonCodec(Schema, "plain").encode(VALUES[1])).toMatchObject({ expectedOid: "1" });
  });

  test("a field that is not known is told with the nearest one, wherever it stands", () => {
    const problemOf = (json: unknown) => {
      try {
        return snake.decode(json);
      } catch (error) {
        return (error as OperationError).details;
      }
    };
    expect(problemOf({ path: "a", expectd_oid: "1" })).toEqual({
      field: "expectd_oid",
      problem: 'is not known; did you mean "expected_oid"?',
    });
    expect(problemOf({ path: "a", parts: [{ old_nam: "x" }] })).toMatchObject({ field: "parts[0].old_nam" });
    expect(problemOf({ path: "a", expectedOid: "1" })).toMatchObject({ field: "expectedOid" });
  });

  test("base64 that is none is refused", () => {
    expect(() => snake.decode({ path: "a", content: "no base64!", encoding: "base64" })).toThrow(OperationError);
    expect(() => snake.decode({ path: "a", content: "x", encoding: "utf-16" })).toThrow(OperationError);
    expect(snake.decode({ path: { base64: "?" } })).toEqual({ path: { base64: "?" } });
  });

  test("camelCase has the names of snake_case", () => {
    const schema = Type.Object({
      old: Type.String({ json: "expected_old" }),
      endsAtMs: InstantField("End"),
      newName: Type.String(),
    });
    const value = { old: "1", endsAtMs: 0, newName: "x" };
    const camel = jsonCodec(schema, "camel");
    expect(camel.encode(value)).toEqual({ expectedOld: "1", endsAt: "1970-01-01T00:00:00.000Z", newName: "x" });
    expect(camel.decode(camel.encode(value))).toEqual(value);
  });

  test("times are ISO 8601, and numbers where names are plain", () => {
    const schema = Type.Object({ endsAtMs: Maybe(InstantField("End")) }, { additionalProperties: false });
    const value = { endsAtMs: Date.UTC(2030, 0, 31, 12) };
    const codec = jsonCodec(schema, "snake");
    expect(codec.encode(value)).toEqual({ ends_at: "2030-01-31T12:00:00.000Z" });
    expect(codec.decode({ ends_at: "2030-01-31T13:30:00+01:30" })).toEqual(value);
    expect(jsonCodec(schema, "plain").encode(value)).toEqual(value);
    for (const ends_at of ["2030-01-31T12:00:00", "tomorrow", "2030-13-01T00:00:00Z", 1896091200000, null])
      expect(() => codec.decode({ ends_at })).toThrow(OperationError);
  });

  test("no field changes what an object is", () => {
    const open = Type.Object({ name: Type.String(), part: ByteStringField("Part") });
    for (const schema of [Schema, open]) {
      const decode = () => jsonCodec(schema, "snake").decode(JSON.parse('{"__proto__": {"path": "a"}}'));
      expect(decode).toThrow(OperationError);
    }
    expect(jsonCodec(open, "snake").decode({ constructor: 1 })).toEqual({ constructor: 1 });
  });
});
