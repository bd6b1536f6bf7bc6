// What the codec writes and reads is what the library of protobuf makes of the same descriptors: for every message of the package.
import { describe, expect, test } from "bun:test";
import { create, fromBinary, type FileRegistry, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { OperationError } from "../../../src/domain/errors.ts";
import { operations } from "../../../src/operations/index.ts";
import { fileDescriptors } from "../../../src/transports/api/holdfast/file-descriptors.ts";
import { holdfastPackage } from "../../../src/transports/api/holdfast/holdfast-package.ts";
import {
  type FieldType,
  type MessageField,
  type MessageType,
  PACKAGE,
} from "../../../src/transports/api/holdfast/message-type.ts";
import { wireCodec } from "../../../src/transports/api/holdfast/wire-codec.ts";

const DESCRIBED = holdfastPackage(operations, {});
const REGISTRY: FileRegistry = fileDescriptors(DESCRIBED);
const MESSAGES = DESCRIBED.services.flatMap(({ methods }) =>
  methods.flatMap(({ request, response }) => [request, response]),
);

const byteString = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const INSTANT_MAX_MS = 253_402_300_799_999;
const INSTANT_MIN_MS = 60_000_000_000_000;

/** Any value that a field may have. */
function valueOf(type: FieldType): fc.Arbitrary<unknown> {
  if (typeof type === "object") return messageOf(type);
  switch (type) {
    case "string":
    case "repository":
      return fc.string({ unit: "binary", maxLength: 20 });
    case "byte_string":
      return byteString;
    case "bytes":
      return fc.uint8Array({ maxLength: 20 });
    case "bool":
      return fc.boolean();
    case "integer":
      return fc.maxSafeInteger();
    case "big_integer":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "double":
      return fc.double({ noNaN: true });
    case "instant":
      return fc.integer({ min: -INSTANT_MIN_MS, max: INSTANT_MAX_MS });
  }
}

function fieldOf({ type, label }: MessageField): fc.Arbitrary<unknown> {
  const one = valueOf(type);
  if (label === "repeated") return fc.array(one, { maxLength: 3 });
  if (label === "map")
    return fc.dictionary(fc.string({ unit: "binary", maxLength: 5 }), one, { noNullPrototype: true });
  return label === "optional" ? fc.option(one, { nil: undefined }) : one;
}

function messageOf({ shape, fields }: MessageType): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "list":
      return fieldOf(fields[0]!);
    case "union":
      return fc.oneof(
        ...fields.map(({ type, property }) =>
          valueOf(type).map((value) => ({ ...(value as object), [shape.discriminator]: property })),
        ),
      );
    case "object":
      return fc
        .record(Object.fromEntries(fields.map((field) => [field.property, fieldOf(field)])))
        .map((value) => Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)));
  }
}

describe("wireCodec", () => {
  for (const message of MESSAGES)
    test(`agrees with the library about ${message.name}`, () => {
      const codec = wireCodec(message);
      const desc = REGISTRY.getMessage(`${PACKAGE}.${message.name}`)!;
      fc.assert(
        fc.property(messageOf(message), (value) => {
          const library = fromBinary(desc, codec.encode(value));
          expect(library.$unknown).toBeUndefined();
          // Its fields in its own order, which need not be ours.
          expect(codec.decode(toBinary(desc, library))).toEqual(value);
        }),
        { numRuns: 20 },
      );
    });

  test("leaves out what is empty where the field is always there, and gives it back", () => {
    const request = MESSAGES.find(({ name }) => name === "PutFileRequest")!;
    const codec = wireCodec(request);
    const value = { repository: "", path: "", content: new Uint8Array(0), message: new Uint8Array(0) };
    expect(codec.encode(value)).toHaveLength(0);
    expect(codec.decode(new Uint8Array(0))).toEqual(value);
  });

  test("tells a list that is empty from one that is not there", () => {
    const codec = wireCodec(MESSAGES.find(({ name }) => name === "CreateTokenRequest")!);
    const decoded = (value: object) => codec.decode(codec.encode({ user: "a", name: "b", ...value }));
    expect(decoded({ repositories: [] })).toHaveProperty("repositories", []);
    expect(decoded({})).not.toHaveProperty("repositories");
  });

  test("joins a message that comes in parts, and takes the last of a union", () => {
    const request = MESSAGES.find(({ name }) => name === "CreateCommitRequest")!;
    const codec = wireCodec(request);
    const parts = [
      { author: { name: Buffer.from("Ann") }, actions: [{ action: "delete", path: "a" }] },
      {
        author: { email: Buffer.from("ann@example.com") },
        actions: [{ action: "chmod", path: "b", executable: true }],
      },
    ];
    const { author, actions } = codec.decode(Buffer.concat(parts.map((part) => codec.encode(part)))) as {
      author: { name: Uint8Array; email: Uint8Array };
      actions: unknown[];
    };
    // A field that a part does not have is empty in it, and changes nothing.
    expect([author.name, author.email].map(String)).toEqual([
      String(Buffer.from("Ann")),
      String(Buffer.from("ann@example.com")),
    ]);
    expect(actions).toEqual([
      { action: "delete", path: "a" },
      { action: "chmod", path: "b", executable: true },
    ]);
  });

  test("passes over fields that it does not know", () => {
    const codec = wireCodec(MESSAGES.find(({ name }) => name === "ShowRepositoryRequest")!);
    const more = new BinaryWriter().tag(999, WireType.LengthDelimited).string("of a later version").finish();
    expect(codec.decode(Buffer.concat([codec.encode({ repository: "a/b" }), more]))).toEqual({ repository: "a/b" });
  });
});

describe("bytes that are no message", () => {
  const codec = wireCodec(MESSAGES.find(({ name }) => name === "ShowLogRequest")!);
  const reasonOf = (bytes: Uint8Array, by = codec): string => {
    try {
      return JSON.stringify(by.decode(bytes));
    } catch (error) {
      if (error instanceof OperationError) return `${error.reason}: ${Object.values(error.details).join(" ")}`;
      throw error;
    }
  };
  const number = (name: string) =>
    MESSAGES.find((each) => each.name === "ShowLogRequest")!.fields.find((field) => field.name === name)!.number;

  test("are refused with the field that is wrong", () => {
    const varint = new BinaryWriter().tag(number("repo"), WireType.Varint).int64(1).finish();
    expect(reasonOf(varint)).toBe("malformed_request: message has repo of wire type 0, where 2 is expected");
  });

  test("are refused where they end too early", () => {
    const whole = codec.encode({ repository: "alice/demo" });
    for (let end = 1; end < whole.length; end++)
      expect(reasonOf(whole.subarray(0, end))).toStartWith("malformed_request");
  });

  test("are refused where a text is no UTF-8", () => {
    const bytes = new BinaryWriter()
      .tag(number("repo"), WireType.LengthDelimited)
      .bytes(Buffer.of(0xff, 0xfe))
      .finish();
    expect(reasonOf(bytes)).toStartWith("malformed_request");
  });

  test("are refused where a number is none that we can count to", () => {
    const bytes = new BinaryWriter()
      .tag(number("limit"), WireType.Varint)
      .int64(2n ** 60n)
      .finish();
    expect(reasonOf(bytes)).toBe("invalid_input: limit is beyond 2^53");
  });

  test("are refused where they would become a million things and more", () => {
    const create = MESSAGES.find(({ name }) => name === "CreateCommitRequest")!;
    const actions = create.fields.find(({ name }) => name === "actions")!;
    const commit = wireCodec(create);
    // Two bytes each.
    const many = (count: number, field: number) => Buffer.alloc(2 * count, Buffer.of((field << 3) | 2, 0));
    expect(commit.decode(many(1000, actions.number))).toMatchObject({ actions: { length: 1000 } });
    for (const field of [actions.number, 15])
      expect(reasonOf(many(1_000_001, field), commit)).toBe("malformed_request: message has more than 1000000 values");
  });

  test("never do anything else than be read, or be refused", () => {
    fc.assert(
      fc.property(fc.constantFrom(...MESSAGES), fc.uint8Array({ maxLength: 60 }), (message, bytes) => {
        try {
          wireCodec(message).decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(OperationError);
        }
      }),
    );
  });

  test("of a time beyond the calendar are refused", () => {
    const request = MESSAGES.find(({ name }) => name === "CreateTokenRequest")!;
    const { number: at } = request.fields.find(({ type }) => type === "instant")!;
    const desc = REGISTRY.getMessage(`${PACKAGE}.CreateTokenRequest`)!;
    expect(create(desc).$typeName).toBe(`${PACKAGE}.CreateTokenRequest`);
    const writer = new BinaryWriter().tag(at, WireType.LengthDelimited).fork();
    const bytes = writer
      .tag(1, WireType.Varint)
      .int64(2n ** 50n)
      .join()
      .finish();
    expect(() => wireCodec(request).decode(bytes)).toThrow("invalid input");
  });
});
