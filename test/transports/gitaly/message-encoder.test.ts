import { describe, expect, test } from "bun:test";
import {
  create,
  type DescField,
  type DescMessage,
  equals,
  fromBinary,
  type MessageInitShape,
  ScalarType,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import { BlobService, GetBlobResponseSchema } from "../../../src/transports/api/gitaly/generated/blob_pb.ts";
import { CommitService } from "../../../src/transports/api/gitaly/generated/commit_pb.ts";
import { DiffService } from "../../../src/transports/api/gitaly/generated/diff_pb.ts";
import { UserCherryPickErrorSchema } from "../../../src/transports/api/gitaly/generated/operations_pb.ts";
import { OperationService } from "../../../src/transports/api/gitaly/generated/operations_pb.ts";
import { ServerReflectionResponseSchema } from "../../../src/transports/api/gitaly/generated/grpc/reflection/v1/reflection_pb.ts";
import { RefService } from "../../../src/transports/api/gitaly/generated/ref_pb.ts";
import { RepositoryService } from "../../../src/transports/api/gitaly/generated/repository_pb.ts";
import { ServerService } from "../../../src/transports/api/gitaly/generated/server_pb.ts";
import { EncodedMessage, FRAME_HEADER_BYTES } from "../../../src/transports/api/gitaly/grpc/encoded-message.ts";
import { encodeMessage, type MessageFields } from "../../../src/transports/api/gitaly/grpc/message-encoder.ts";

const SERVICES = [
  BlobService,
  CommitService,
  DiffService,
  OperationService,
  RefService,
  RepositoryService,
  ServerService,
];
const SCHEMAS: DescMessage[] = [
  ...new Set(SERVICES.flatMap((service) => service.methods.map((method) => method.output))),
  UserCherryPickErrorSchema,
  ServerReflectionResponseSchema,
];
const DEPTH_MAX = 5;

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 200 }), fc.string({ minLength: 60, maxLength: 70 }));
const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ minLength: 100, maxLength: 300 }));

function scalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return bytes;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT32:
      return fc.integer();
    case ScalarType.UINT32:
      return fc.integer({ min: 0, max: 0xffff_ffff });
    case ScalarType.INT64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    default:
      throw new Error(`no values for ${ScalarType[type]}`);
  }
}

function single(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return fields(field.message, depth + 1);
  if (field.enum !== undefined) return fc.constantFrom(...field.enum.values.map((value) => value.number));
  return scalar(field.scalar ?? ScalarType.STRING);
}

/** Some of a message's fields, with values that fit. */
function fields(schema: DescMessage, depth = 0): fc.Arbitrary<MessageFields> {
  if (depth > DEPTH_MAX) return fc.constant({});
  const shape: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of schema.members) {
    if (member.kind === "oneof") {
      const arms = member.fields.map((field) =>
        single(field, depth).map((value) => ({ case: field.localName, value })),
      );
      shape[member.localName] = fc.oneof(...arms);
    } else {
      const value = single(member, depth);
      shape[member.localName] = member.fieldKind === "list" ? fc.array(value, { maxLength: 4 }) : value;
    }
  }
  return fc.record(shape, { requiredKeys: [] });
}

describe("encodeMessage", () => {
  for (const schema of SCHEMAS) {
    test(`${schema.name}: what the library reads back is what was written`, () => {
      fc.assert(
        fc.property(fields(schema), (init) => {
          const expected = create(schema, init as MessageInitShape<DescMessage>);
          for (const message of [init, expected as unknown as MessageFields]) {
            expect(equals(schema, fromBinary(schema, encodeMessage(schema, message, 0)), expected)).toBe(true);
          }
        }),
        { numRuns: 30 },
      );
    });
  }

  test("larger than its buffer, and small again", () => {
    const data = Buffer.alloc(1_000_000, "x");
    for (const each of [data, Buffer.from("small"), data, Buffer.alloc(0)]) {
      const encoded = encodeMessage(GetBlobResponseSchema, { data: each, oid: "1" }, 0);
      expect(Buffer.compare(fromBinary(GetBlobResponseSchema, encoded).data, each)).toBe(0);
    }
  });

  test("earlier results stay as they were", () => {
    const results = Array.from({ length: 100 }, (_, i) =>
      encodeMessage(GetBlobResponseSchema, { oid: String(i).repeat(50 * i) }, 0),
    );
    for (const [i, result] of results.entries())
      expect(fromBinary(GetBlobResponseSchema, result).oid).toBe(String(i).repeat(50 * i));
  });

  test("refuses numbers that do not fit", () => {
    expect(() => encodeMessage(CommitService.method.treeEntry.output, { mode: 2 ** 31 }, 0)).toThrow(RangeError);
    expect(() => encodeMessage(CommitService.method.treeEntry.output, { mode: 1.5 }, 0)).toThrow(RangeError);
  });
});

describe("EncodedMessage.joining", () => {
  test("equals the message with the bytes in place", () => {
    for (const size of [0, 1, 127, 128, 20_000, 3_000_000]) {
      const data = Buffer.alloc(size, "y");
      const { frame } = EncodedMessage.joining(
        encodeMessage(GetBlobResponseSchema, { size: 5n, oid: "abc" }, 0),
        2,
        data,
      );
      expect(Buffer.from(frame).readUInt32BE(1)).toBe(frame.byteLength - FRAME_HEADER_BYTES);
      const message = fromBinary(GetBlobResponseSchema, frame.subarray(FRAME_HEADER_BYTES));
      expect(Buffer.compare(message.data, data)).toBe(0);
      expect(message.oid).toBe("abc");
    }
  });
});
