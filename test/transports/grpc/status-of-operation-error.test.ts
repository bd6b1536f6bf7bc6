import { describe, expect, test } from "bun:test";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { OperationError } from "../../../src/domain/errors.ts";
import { REASONS, type Reason, type ReasonDetails } from "../../../src/domain/reasons.ts";
import {
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../../../src/transports/api/grpc/generated/google/rpc/error_details_pb.ts";
import { HoldfastErrorSchema } from "../../../src/transports/api/grpc/generated/holdfast/v1/error_pb.ts";
import { STATUS_OF_CODE } from "../../../src/transports/api/grpc/status-of-code.ts";
import { errorTrailers } from "../../../src/transports/api/grpc/status-trailers.ts";
import { statusOfOperationError } from "../../../src/transports/api/holdfast/status-of-operation-error.ts";

describe("statusOfOperationError", () => {
  test("has the status of the reason's code", () => {
    for (const [reason, { code }] of Object.entries(REASONS)) {
      if (!["forbidden", "unauthenticated", "session_required", "deadline_exceeded"].includes(reason)) continue;
      const error = new OperationError(reason as Reason, { operation: "x" } as unknown as ReasonDetails[Reason]);
      expect([reason, statusOfOperationError(error, "r").code]).toEqual([reason, STATUS_OF_CODE[code]]);
    }
  });

  test("keeps the form of facts for programs, and gives texts to those who want these", () => {
    const error = new OperationError("too_large", { what: "file", sizeBytes: 10, limitBytes: 5 });
    const { details, message } = statusOfOperationError(error, "r-1");
    expect(anyUnpack(details[0]!, ErrorInfoSchema)).toMatchObject({
      reason: "too_large",
      domain: "holdfast",
      metadata: { what: "file", size_bytes: "10", limit_bytes: "5" },
    });
    expect(anyUnpack(details[1]!, HoldfastErrorSchema)).toMatchObject({
      reason: "too_large",
      message,
      details: { what: "file", size_bytes: 10, limit_bytes: 5 },
      requestId: "r-1",
      retry: "never",
    });
  });

  test("says when to come again", () => {
    const error = new OperationError("limit_exceeded", { limit: "operations", maximum: 1, retryAfterMs: 1500 });
    const retry = anyUnpack(statusOfOperationError(error, "r").details[2]!, RetryInfoSchema);
    expect(retry?.retryDelay).toMatchObject({ seconds: 1n, nanos: 500_000_000 });
  });

  test("tells nothing of a bug", () => {
    const { code, message, details } = statusOfOperationError(new TypeError("secret"), "r");
    expect([code, message]).toEqual([STATUS_OF_CODE.internal, expect.not.stringContaining("secret")]);
    expect(JSON.stringify(anyUnpack(details[1]!, HoldfastErrorSchema))).not.toContain("secret");
  });

  test("keeps the reason where the facts are too many", () => {
    const references = Array.from({ length: 2000 }, (_, at) => `refs/heads/a-branch-with-a-long-name-${at}`);
    const status = statusOfOperationError(
      new OperationError("invalid_reference_name", { references, problem: "x" }),
      "r",
    );
    const told = anyUnpack(status.details[1]!, HoldfastErrorSchema);
    expect([told?.reason, told?.details]).toEqual(["invalid_reference_name", {}]);
    expect(errorTrailers(status, "r")).toHaveProperty("grpc-status-details-bin");
  });

  test("leaves out facts that are not there", () => {
    const error = new OperationError("invalid_object_id", { value: "x", field: undefined } as unknown as {
      value: string;
    });
    expect(anyUnpack(statusOfOperationError(error, "r").details[1]!, HoldfastErrorSchema)?.details).toEqual({
      value: "x",
    });
  });

  test("fits into what clients take of trailers, however much a caller has sent", () => {
    const error = new OperationError("invalid_input", { field: "a".repeat(100_000), problem: "b".repeat(100_000) });
    const bytes = Object.values(errorTrailers(statusOfOperationError(error, "r"), "r")).join("").length;
    expect(bytes).toBeLessThan(60 * 1024);
  });
});
