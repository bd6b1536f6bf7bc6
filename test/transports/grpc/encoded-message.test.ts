import { describe, expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetBlobResponseSchema } from "../../../src/transports/api/gitaly/generated/blob_pb.ts";
import { EncodedMessage, FRAME_HEADER_BYTES } from "../../../src/transports/api/grpc/encoded-message.ts";

describe("EncodedMessage", () => {
  test("joining: equals the message with the bytes in place", () => {
    const head = toBinary(GetBlobResponseSchema, create(GetBlobResponseSchema, { size: 5n, oid: "abc" }));
    for (const size of [0, 1, 127, 128, 20_000, 3_000_000]) {
      const data = Buffer.alloc(size, "y");
      const { frame } = EncodedMessage.joining(head, 2, data);
      expect(frame[0]).toBe(0);
      expect(Buffer.from(frame).readUInt32BE(1)).toBe(frame.byteLength - FRAME_HEADER_BYTES);
      const message = fromBinary(GetBlobResponseSchema, frame.subarray(FRAME_HEADER_BYTES));
      expect(Buffer.compare(message.data, data)).toBe(0);
      expect(message).toMatchObject({ size: 5n, oid: "abc" });
    }
  });
});
