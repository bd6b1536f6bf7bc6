import { describe, expect, test } from "bun:test";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";
import { LimitErrorSchema } from "../../src/gitaly/generated/errors_pb.ts";
import { StatusSchema } from "../../src/gitaly/generated/google/rpc/status_pb.ts";
import { UserCommitFilesErrorSchema, UserMergeBranchErrorSchema } from "../../src/gitaly/generated/operations_pb.ts";
import { UpdateReferencesErrorSchema } from "../../src/gitaly/generated/ref_pb.ts";
import {
  ConflictError,
  ForbiddenError,
  GitError,
  type GitErrorCode,
  NotFoundError,
  UnauthorizedError,
  ValidationError,
} from "../../src/index.ts";
import { NEW_ID, OLD_ID, REPO } from "../support/calls-of-changes.ts";
import { failing } from "../support/faulty-gitaly.ts";
import { failureOf } from "../support/failure-of.ts";
import { faultyStory } from "../support/faulty-story.ts";

const CLASSES: readonly [code: GitErrorCode, name: string, kind: typeof GitError][] = [
  ["CANCELLED", "GitError", GitError],
  ["UNKNOWN", "GitError", GitError],
  ["INVALID_ARGUMENT", "ValidationError", ValidationError],
  ["DEADLINE_EXCEEDED", "GitError", GitError],
  ["NOT_FOUND", "NotFoundError", NotFoundError],
  ["ALREADY_EXISTS", "ConflictError", ConflictError],
  ["PERMISSION_DENIED", "ForbiddenError", ForbiddenError],
  ["RESOURCE_EXHAUSTED", "GitError", GitError],
  ["FAILED_PRECONDITION", "ConflictError", ConflictError],
  ["ABORTED", "GitError", GitError],
  ["OUT_OF_RANGE", "GitError", GitError],
  ["UNIMPLEMENTED", "GitError", GitError],
  ["INTERNAL", "GitError", GitError],
  ["UNAVAILABLE", "GitError", GitError],
  ["DATA_LOSS", "GitError", GitError],
  ["UNAUTHENTICATED", "UnauthorizedError", UnauthorizedError],
];

/** Trailers with one structured detail. */
function detailed<D extends DescMessage>(schema: D, value: MessageInitShape<D>): Metadata {
  const details = [anyPack(schema, create(schema, value))];
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, create(StatusSchema, { details }))));
  return trailers;
}

/** The error that a status becomes. */
async function errorOf(code: status, trailers = new Metadata()): Promise<GitError> {
  await using story = await faultyStory({ retry: { attempts: 1 } });
  story.faulty.script("RepositoryExists", failing(code, { details: "what the server said", trailers }));
  return await failureOf(story.client.repoExists(REPO), GitError);
}

describe("a status becomes an error", () => {
  test.each(CLASSES)("%s: %s", async (code, name, kind) => {
    const error = await errorOf(status[code]);
    expect(error).toBeInstanceOf(kind);
    expect([error.name, error.code, error.message]).toEqual([name, code, "what the server said"]);
    expect(error.retryable).toBe(code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED");
    expect([error.detail, error.requestId, error.outcomeUnknown]).toEqual([undefined, undefined, false]);
  });

  test("every code of gRPC is in the table", () => {
    const codes = Object.keys(status).filter((name) => Number.isNaN(Number(name)) && name !== "OK");
    expect(CLASSES.map(([code]) => code).toSorted()).toEqual(codes.toSorted() as GitErrorCode[]);
  });
});

describe("an error keeps", () => {
  test("the request's id", async () => {
    const trailers = new Metadata();
    trailers.set("x-request-id", "req-7");
    expect((await errorOf(status.INTERNAL, trailers)).requestId).toBe("req-7");
  });

  test("the files and commits of a merge conflict", async () => {
    const value = {
      conflictingFiles: [Buffer.from("a/é.txt"), Buffer.from("b")],
      conflictingCommitIds: [OLD_ID, NEW_ID],
    };
    const error = { case: "mergeConflict", value } as const;
    const { detail } = await errorOf(status.FAILED_PRECONDITION, detailed(UserMergeBranchErrorSchema, { error }));
    expect(detail).toEqual({
      kind: "merge_conflict",
      conflictingFiles: ["a/é.txt", "b"],
      conflictingCommitIds: [OLD_ID, NEW_ID],
    });
  });

  test("the reference that is in the way: ABORTED is a conflict then", async () => {
    const value = {
      referenceName: Buffer.from("refs/heads/main"),
      expectedObjectId: Buffer.from(OLD_ID),
      actualObjectId: Buffer.from(NEW_ID),
    };
    const error = { case: "referenceStateMismatch", value } as const;
    const conflict = await errorOf(status.ABORTED, detailed(UpdateReferencesErrorSchema, { error }));
    expect(conflict).toBeInstanceOf(ConflictError);
    expect(conflict.detail).toEqual({
      kind: "reference_state_mismatch",
      reference: "refs/heads/main",
      expectedId: OLD_ID,
      actualId: NEW_ID,
    });
  });

  test("the path that was refused", async () => {
    const error = { case: "indexUpdate", value: { path: Buffer.from("../x") } } as const;
    const { detail } = await errorOf(status.INVALID_ARGUMENT, detailed(UserCommitFilesErrorSchema, { error }));
    expect(detail?.path).toBe("../x");
  });

  test("what a hook said", async () => {
    const error = { case: "customHook", value: { stderr: Buffer.from("not on a Friday\n") } } as const;
    const forbidden = await errorOf(status.PERMISSION_DENIED, detailed(UserMergeBranchErrorSchema, { error }));
    expect(forbidden).toBeInstanceOf(ForbiddenError);
    expect(forbidden.detail).toEqual({ kind: "custom_hook", hookOutput: "not on a Friday\n" });
  });

  test("how long a server that is full asks to wait", async () => {
    const trailers = detailed(LimitErrorSchema, { retryAfter: { seconds: 2n, nanos: 500_000_000 } });
    const { detail } = await errorOf(status.RESOURCE_EXHAUSTED, trailers);
    expect(detail).toEqual({ kind: "limit", retryAfterMs: 2500 });
  });

  test("nothing of a detail that cannot be read", async () => {
    const trailers = new Metadata();
    trailers.set("grpc-status-details-bin", Buffer.from([0xff, 0xff, 0xff]));
    const error = await errorOf(status.FAILED_PRECONDITION, trailers);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error.detail).toBeUndefined();
  });
});
