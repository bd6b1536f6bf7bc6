import { describe, expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { OperationError } from "../../../src/domain/errors.ts";
import { REASONS, type Reason } from "../../../src/domain/reasons.ts";
import { parseTag } from "../../../src/domain/tag.ts";
import { decodeTreePageToken, encodeTreePageToken } from "../../../src/transports/api/gitaly/commit/tree-page-token.ts";
import { LimitErrorSchema } from "../../../src/transports/api/gitaly/generated/errors_pb.ts";
import { TagSchema } from "../../../src/transports/api/gitaly/generated/shared_pb.ts";
import { subjectOf } from "../../../src/transports/api/gitaly/git-commit-message.ts";
import { StatusCode } from "../../../src/transports/api/grpc/status-code.ts";
import { GrpcStatusError } from "../../../src/transports/api/grpc/status-error.ts";
import { piecesOf } from "../../../src/transports/api/gitaly/stream-bytes.ts";
import { statusOfError } from "../../../src/transports/api/gitaly/status-of-error.ts";
import { tagMessage } from "../../../src/transports/api/gitaly/tag-message.ts";
import { problemOfRevision } from "../../../src/transports/api/gitaly/validate-revision.ts";
import { anyUnpack } from "@bufbuild/protobuf/wkt";

const CALL = { requestId: "request-7" };

describe("statusOfError", () => {
  test("has a status for every reason", () => {
    for (const reason of Object.keys(REASONS) as Reason[]) {
      const status = statusOfError(new OperationError(reason, { retryAfterMs: 0 } as never), CALL);
      expect(StatusCode.OK).not.toBe(status.code as number as 0);
      expect(StatusCode.UNKNOWN).not.toBe(status.code as number as 2);
    }
  });

  test("keeps a status, and says of a bug no more than the request", () => {
    const status = new GrpcStatusError(StatusCode.ABORTED, "text");
    expect(statusOfError(status, CALL)).toBe(status);
    const bug = statusOfError(new TypeError("secret of the house"), CALL);
    expect([bug.code, bug.message]).toEqual([StatusCode.INTERNAL, "internal error, request request-7"]);
  });

  test("tells a limit as LimitError", () => {
    const limit = "maximum queue size reached";
    const status = statusOfError(new OperationError("limit_exceeded", { limit, maximum: 1, retryAfterMs: 1500 }), CALL);
    expect([status.code, status.message]).toEqual([StatusCode.RESOURCE_EXHAUSTED, limit]);
    expect(anyUnpack(status.details[0]!, LimitErrorSchema)).toMatchObject({
      errorMessage: limit,
      retryAfter: { seconds: 1n, nanos: 500_000_000 },
    });
    const large = statusOfError(new OperationError("too_large", { what: "blob", sizeBytes: 11, limitBytes: 10 }), CALL);
    expect([large.code, large.message]).toEqual([StatusCode.RESOURCE_EXHAUSTED, "blob is larger than 10 bytes"]);
    expect(anyUnpack(large.details[0]!, LimitErrorSchema)?.errorMessage).toBe("blob is larger than 10 bytes");
  });
});

describe("problemOfRevision", () => {
  test("names what is wrong", () => {
    const cases: [string, object, string | undefined][] = [
      ["main", {}, undefined],
      ["main:a", {}, "revision can't contain ':'"],
      ["main:a b\\", { pathAllowed: true }, undefined],
      [":a", { pathAllowed: true }, "empty revision"],
      ["--all", {}, "revision can't start with '-'"],
      ["--all", { pseudoAllowed: true }, undefined],
      ["--glob=x y", { pseudoAllowed: true }, undefined],
      ["--alls", { pseudoAllowed: true }, "revision can't start with '-'"],
    ];
    for (const [revision, rules, problem] of cases) expect(problemOfRevision(revision, rules)).toBe(problem);
  });
});

describe("tagMessage", () => {
  test("takes the name from the reference, and trims and cuts the message", () => {
    const oid = "1".repeat(40);
    const tag = parseTag(oid, Buffer.from(`object ${oid}\ntype tree\ntag inside\n\n${"x".repeat(20_000)}\n\n\n`));
    const message = create(TagSchema, tagMessage({ name: "refs/tags/outside", oid, tag }));
    expect(Buffer.from(message.name).toString()).toBe("outside");
    expect([message.message.length, message.messageSize, message.tagger]).toEqual([10_240, 20_000n, undefined]);
  });
});

describe("subjectOf", () => {
  test("is the first line without what ends it", () => {
    const subject = (text: string) => Buffer.from(subjectOf(Buffer.from(text))).toString();
    expect(["one\ntwo", "one\r\n", "one", "", "\none", " one \r\r\n"].map(subject)).toEqual([
      "one",
      "one",
      "one",
      "",
      "",
      " one ",
    ]);
  });
});

describe("encodeTreePageToken", () => {
  test("comes back as the path, in any bytes", () => {
    for (const path of ["a/b", "caf\xc3\xa9", "\xff\xfe/x", '"quoted"\n']) {
      expect(decodeTreePageToken(encodeTreePageToken(path))).toEqual({ after: path });
    }
    expect(JSON.parse(Buffer.from(encodeTreePageToken("a"), "base64").toString())).toEqual({ file_name: "a" });
  });

  test("takes what is no token of ours for an object id", () => {
    for (const token of ["1".repeat(40), "e30=", "bnVsbA==", "???"])
      expect(decodeTreePageToken(token)).toEqual({ afterOid: token });
  });
});

describe("piecesOf", () => {
  test("cuts at 128 KiB; nothing is one piece", () => {
    const sizes = (length: number) => [...piecesOf(new Uint8Array(length))].map((piece) => piece.length);
    expect([sizes(0), sizes(131_072), sizes(131_073)]).toEqual([[0], [131_072], [131_072, 1]]);
  });
});
