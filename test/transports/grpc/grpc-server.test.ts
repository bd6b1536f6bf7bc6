import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { create, fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { BlobService } from "../../../src/transports/api/gitaly/generated/blob_pb.ts";
import { StatusSchema } from "../../../src/transports/api/grpc/generated/google/rpc/status_pb.ts";
import {
  OperationService,
  UserCommitFilesErrorSchema,
} from "../../../src/transports/api/gitaly/generated/operations_pb.ts";
import { RefService } from "../../../src/transports/api/gitaly/generated/ref_pb.ts";
import { EncodedMessage } from "../../../src/transports/api/grpc/encoded-message.ts";
import type { GrpcCall } from "../../../src/transports/api/grpc/handler.ts";
import { type GrpcServer, startGrpcServer } from "../../../src/transports/api/grpc/server.ts";
import { service, type ServiceHandlers } from "../../../src/transports/api/grpc/service.ts";
import { StatusCode } from "../../../src/transports/api/grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../../src/transports/api/grpc/status-error.ts";
import { collect, failure, TestClient } from "./grpc-client.ts";

const { findBranch } = RefService.method;
const { getBlob } = BlobService.method;
const { userCommitFiles, userMergeBranch } = OperationService.method;

let refs: ServiceHandlers<typeof RefService> = {};
let blobs: ServiceHandlers<typeof BlobService> = {};
let operations: ServiceHandlers<typeof OperationService> = {};
const handled: string[] = [];
let server: GrpcServer;
let client: TestClient;

/** Handlers are set by each test; the server asks for the current one. */
beforeAll(async () => {
  server = await startGrpcServer({
    host: "127.0.0.1",
    port: 0,
    services: [
      service(RefService, { findBranch: (request, call) => refs.findBranch!(request, call) }),
      service(BlobService, { getBlob: (request, call) => blobs.getBlob!(request, call) }),
      service(OperationService, {
        userCommitFiles: (requests, call) => operations.userCommitFiles!(requests, call),
        userMergeBranch: (requests, call) => operations.userMergeBranch!(requests, call),
      }),
    ],
    observe: (method) => ({
      started: () => handled.push(`started ${method.name}`),
      handled: (code) => handled.push(`${method.name} ${code}`),
    }),
  });
  client = new TestClient(server.port);
});
afterEach(() => {
  refs = {};
  blobs = {};
  operations = {};
  handled.length = 0;
});
afterAll(async () => {
  client.close();
  await server.close(1000);
});

const name = (text: string) => Buffer.from(text);

describe("unary calls", () => {
  test("request and answer", async () => {
    refs = { findBranch: async (request) => ({ branch: { name: request.name } }) };
    const answer = await client.unary(findBranch, { name: name("größe") });
    expect(Buffer.from(answer.branch!.name).toString()).toBe("größe");
    expect(handled).toEqual(["started FindBranch", "FindBranch 0"]);
  });

  test("messages encoded by hand", async () => {
    refs = {
      findBranch: async () =>
        EncodedMessage.from(
          RefService.method.findBranch.output,
          create(RefService.method.findBranch.output, { branch: { name: name("x") } }),
        ),
    };
    expect(Buffer.from((await client.unary(findBranch, {})).branch!.name).toString()).toBe("x");
  });

  test("metadata, peer, deadline and request id", async () => {
    const calls: GrpcCall[] = [];
    refs = {
      findBranch: async (_request, call) => {
        calls.push(call);
        return {};
      },
    };
    const metadata = new grpc.Metadata();
    metadata.set("client_name", "me");
    await client.unary(findBranch, {}, { deadline: Date.now() + 5000 }, metadata);
    const [call] = calls;
    expect(call?.metadata("client_name")).toBe("me");
    expect(call?.metadata("nothing")).toBeUndefined();
    expect(call?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(call?.path).toBe("/gitaly.RefService/FindBranch");
    expect(call?.requestId).toBe(call!.requestId);
    expect(call?.deadlineAtMs).toBeGreaterThan(Date.now());
    expect(call?.deadlineAtMs).toBeLessThan(Date.now() + 5001);
    expect(call?.signal.aborted).toBe(false);
  });

  test("status, text and details of a failure", async () => {
    const text = 'größe%41✓ and a "quote" that ends in white space \n ';
    refs = {
      findBranch: async () => {
        throw new GrpcStatusError(StatusCode.NOT_FOUND, text, {
          details: [
            statusDetail(UserCommitFilesErrorSchema, {
              error: { case: "indexUpdate", value: { path: name("a/b"), errorType: 6 } },
            }),
          ],
        });
      },
    };
    const error = await failure(client.unary(findBranch, {}));
    expect(error.code).toBe(grpc.status.NOT_FOUND);
    expect(error.details).toBe(text);
    const status = fromBinary(StatusSchema, error.metadata.get("grpc-status-details-bin")[0] as Buffer);
    expect(status.code).toBe(5);
    expect(status.message).toBe(text);
    expect(status.details[0]!.typeUrl).toBe("type.googleapis.com/gitaly.UserCommitFilesError");
    const detail = anyUnpack(status.details[0]!, UserCommitFilesErrorSchema)!;
    expect(detail.error.case).toBe("indexUpdate");
    expect(handled).toEqual(["started FindBranch", "FindBranch 5"]);
  });

  test("what a handler throws by mistake is INTERNAL and tells nothing", async () => {
    refs = {
      findBranch: () => {
        throw new Error("the password is x");
      },
    };
    const error = await failure(client.unary(findBranch, {}));
    expect(error.code).toBe(grpc.status.INTERNAL);
    expect(error.details).toBe("internal error");
  });

  test("300 in parallel on one connection", async () => {
    refs = {
      findBranch: async (request) => {
        await new Promise((resolve) => setImmediate(resolve));
        return { branch: { name: request.name } };
      },
    };
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => client.unary(findBranch, { name: name(String(i)) })),
    );
    expect(answers.map((answer) => Buffer.from(answer.branch!.name).toString())).toEqual(
      Array.from({ length: 300 }, (_, i) => String(i)),
    );
  });
});

describe("unknown names", () => {
  test("service", async () => {
    const error = await failure(client.raw("/gitaly.PraefectInfoService/RepositoryReplicas", Buffer.alloc(0)));
    expect(error.code).toBe(grpc.status.UNIMPLEMENTED);
    expect(error.details).toBe("unknown service gitaly.PraefectInfoService");
  });
  test("method of a known service, and one without a handler", async () => {
    for (const method of ["NoSuchMethod", "FindTag"]) {
      const error = await failure(client.raw(`/gitaly.RefService/${method}`, Buffer.alloc(0)));
      expect(error.code).toBe(grpc.status.UNIMPLEMENTED);
      expect(error.details).toBe(`unknown method ${method} for service gitaly.RefService`);
    }
  });
});

describe("requests", () => {
  test("a malformed message is INTERNAL, and the connection lives on", async () => {
    refs = { findBranch: async () => ({}) };
    const error = await failure(client.raw("/gitaly.RefService/FindBranch", Buffer.from([0x0a, 0xff, 0xff, 0xff])));
    expect(error.code).toBe(grpc.status.INTERNAL);
    await client.unary(findBranch, {});
  });

  test("4 MiB is read, more is RESOURCE_EXHAUSTED", async () => {
    refs = { findBranch: async (request) => ({ branch: { name: name(String(request.name.byteLength)) } }) };
    const largest = 4 * 1024 * 1024 - 5;
    const answer = await client.unary(findBranch, { name: Buffer.alloc(largest, "a") });
    expect(Buffer.from(answer.branch!.name).toString()).toBe(String(largest));
    const error = await failure(client.unary(findBranch, { name: Buffer.alloc(largest + 1, "a") }));
    expect(error.code).toBe(grpc.status.RESOURCE_EXHAUSTED);
    expect(error.details).toBe("grpc: received message larger than max (4194305 vs. 4194304)");
    await client.unary(findBranch, {});
  });

  test("compressed with gzip, also beyond the limit", async () => {
    refs = { findBranch: async (request) => ({ branch: { name: name(String(request.name.byteLength)) } }) };
    const gzip = new TestClient(server.port, { "grpc.default_compression_algorithm": 2 });
    const answer = await gzip.unary(findBranch, { name: Buffer.alloc(100_000, "a") });
    expect(Buffer.from(answer.branch!.name).toString()).toBe("100000");
    const error = await failure(gzip.unary(findBranch, { name: Buffer.alloc(5 * 1024 * 1024, "a") }));
    expect(error.code).toBe(grpc.status.RESOURCE_EXHAUSTED);
    gzip.close();
  });

  test("compressed otherwise is UNIMPLEMENTED", async () => {
    const deflate = new TestClient(server.port, { "grpc.default_compression_algorithm": 1 });
    const error = await failure(deflate.unary(findBranch, { name: Buffer.alloc(100_000, "a") }));
    expect(error.code).toBe(grpc.status.UNIMPLEMENTED);
    deflate.close();
  });
});

describe("server streams", () => {
  test("1,000 small messages, in order", async () => {
    blobs = {
      async *getBlob() {
        for (let i = 0; i < 1000; i++) yield { size: BigInt(i) };
      },
    };
    const messages = await collect(client.serverStream(getBlob, {}));
    expect(messages.map((message) => Number(message.size))).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test("200 messages of 1 MiB", async () => {
    const data = Buffer.alloc(1024 * 1024, "x");
    blobs = {
      async *getBlob() {
        for (let i = 0; i < 200; i++) yield EncodedMessage.joining(new Uint8Array(), 2, data);
      },
    };
    let received = 0;
    for await (const message of client.serverStream(getBlob, {})) {
      expect(Buffer.compare((message as { data: Uint8Array }).data, data)).toBe(0);
      received++;
    }
    expect(received).toBe(200);
  });

  test("end where a limit on their length is met, and the handler stops", async () => {
    let stopped = 0;
    const limited = await startGrpcServer({
      host: "127.0.0.1",
      port: 0,
      services: [
        service(BlobService, {
          async *getBlob() {
            try {
              for (;;) yield { data: Buffer.alloc(1000) };
            } finally {
              stopped++;
            }
          },
        }),
      ],
      answerLimit: { bytesMax: 10_000, error: () => new GrpcStatusError(StatusCode.RESOURCE_EXHAUSTED, "too long") },
    });
    const reader = new TestClient(limited.port);
    const error = await failure(collect(reader.serverStream(getBlob, {})));
    expect([error.code, error.details]).toEqual([grpc.status.RESOURCE_EXHAUSTED, "too long"]);
    expect(stopped).toBe(1);
    reader.close();
    await limited.close(1000);
  });

  test("no message, and an error after some", async () => {
    blobs = { async *getBlob() {} };
    expect(await collect(client.serverStream(getBlob, {}))).toEqual([]);
    blobs = {
      async *getBlob() {
        yield { oid: "1" };
        throw new GrpcStatusError(StatusCode.DATA_LOSS, "gone");
      },
    };
    const stream = client.serverStream(getBlob, {});
    const seen: string[] = [];
    stream.on("data", (message: { oid: string }) => seen.push(message.oid));
    const [error] = (await once(stream, "error")) as [grpc.ServiceError];
    expect(error.code).toBe(grpc.status.DATA_LOSS);
    expect(error.details).toBe("gone");
    expect(seen).toEqual(["1"]);
  });

  test("a client that does not read stops the producer", async () => {
    let produced = 0;
    const data = Buffer.alloc(64 * 1024);
    const stopped = Promise.withResolvers<void>();
    blobs = {
      async *getBlob() {
        try {
          for (;;) {
            produced++;
            yield { data };
          }
        } finally {
          stopped.resolve();
        }
      },
    };
    const stream = client.serverStream(getBlob, {});
    stream.on("error", () => {});
    await once(stream, "data");
    stream.pause();
    let before = -1;
    while (produced !== before) {
      before = produced;
      await client.unary(findBranch, {}).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(produced).toBeLessThan(200);
    stream.cancel();
    await stopped.promise;
  });

  test("cancelling fires the signal and returns the iterator", async () => {
    const events: string[] = [];
    const returned = Promise.withResolvers<void>();
    blobs = {
      async *getBlob(_request, call) {
        call.signal.addEventListener("abort", () => events.push("abort"));
        try {
          for (let i = 0; ; i++) {
            yield { size: BigInt(i) };
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          events.push("return");
          returned.resolve();
        }
      },
    };
    const stream = client.serverStream(getBlob, {});
    stream.on("error", () => {});
    await once(stream, "data");
    stream.cancel();
    await returned.promise;
    expect(events).toEqual(["abort", "return"]);
    expect(handled).toEqual(["started GetBlob", "GetBlob 1"]);
  });
});

describe("client streams", () => {
  test("32 MiB in 1 MiB messages", async () => {
    operations = {
      async userCommitFiles(requests) {
        let bytes = 0;
        for await (const request of requests) {
          const payload = request.userCommitFilesRequestPayload;
          if (payload.case === "action" && payload.value.userCommitFilesActionPayload.case === "content")
            bytes += payload.value.userCommitFilesActionPayload.value.byteLength;
        }
        return { indexError: String(bytes) };
      },
    };
    const { call, response } = client.clientStream(userCommitFiles);
    const content = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 32; i++) {
      const more = call.write({
        userCommitFilesRequestPayload: {
          case: "action",
          value: { userCommitFilesActionPayload: { case: "content", value: content } },
        },
      });
      if (!more) await once(call, "drain");
    }
    call.end();
    expect((await response).indexError).toBe(String(32 * 1024 * 1024));
  });

  test("an error before the client has ended reaches it", async () => {
    operations = {
      async userCommitFiles(requests) {
        for await (const _request of requests) throw new GrpcStatusError(StatusCode.INVALID_ARGUMENT, "no");
        return {};
      },
    };
    const { call, response } = client.clientStream(userCommitFiles);
    call.on("error", () => {});
    call.write({});
    const error = await failure(response);
    expect(error.code).toBe(grpc.status.INVALID_ARGUMENT);
    expect(error.details).toBe("no");
  });

  test("a handler that does not read stops the client", async () => {
    const go = Promise.withResolvers<void>();
    operations = {
      async userCommitFiles(requests) {
        await go.promise;
        let count = 0;
        for await (const _request of requests) count++;
        return { indexError: String(count) };
      },
    };
    refs = { findBranch: async () => ({}) };
    const { call, response } = client.clientStream(userCommitFiles);
    const content = Buffer.alloc(256 * 1024);
    const message = {
      userCommitFilesRequestPayload: {
        case: "action" as const,
        value: { userCommitFilesActionPayload: { case: "content" as const, value: content } },
      },
    };
    let written = 0;
    let sent = 0;
    for (; written < 100; written++) call.write(message, () => sent++);
    call.end();
    let before = -1;
    while (sent !== before) {
      before = sent;
      // Other calls on the connection are not held up.
      await client.unary(findBranch, {});
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(40);
    go.resolve();
    expect((await response).indexError).toBe("100");
  });
});

describe("duplex calls", () => {
  test("ping-pong before the client half-closes", async () => {
    operations = {
      async *userMergeBranch(requests) {
        for await (const request of requests) yield { commitId: request.commitId.toUpperCase() };
      },
    };
    const call = client.duplex(userMergeBranch);
    for (const text of ["a", "b", "c"]) {
      call.write({ commitId: text });
      const [answer] = (await once(call, "data")) as [{ commitId: string }];
      expect(answer.commitId).toBe(text.toUpperCase());
    }
    call.end();
    call.resume();
    const [status] = (await once(call, "status")) as [grpc.StatusObject];
    expect(status.code).toBe(grpc.status.OK);
  });

  test("the server ends first", async () => {
    operations = {
      async *userMergeBranch() {
        yield { commitId: "x" };
      },
    };
    const call = client.duplex(userMergeBranch);
    call.write({});
    call.resume();
    const [status] = (await once(call, "status")) as [grpc.StatusObject];
    expect(status.code).toBe(grpc.status.OK);
  });

  test("cancelling rejects the requests", async () => {
    const seen = Promise.withResolvers<unknown>();
    operations = {
      async *userMergeBranch(requests) {
        yield { commitId: "x" };
        try {
          for await (const _request of requests);
        } catch (error) {
          seen.resolve(error);
          throw error;
        }
      },
    };
    const call = client.duplex(userMergeBranch);
    call.on("error", () => {});
    await once(call, "data");
    call.cancel();
    expect(await seen.promise).toMatchObject({ code: StatusCode.CANCELLED });
  });
});

describe("deadlines", () => {
  test("DEADLINE_EXCEEDED whatever the handler does, and its signal fires", async () => {
    const aborted = Promise.withResolvers<void>();
    refs = {
      findBranch: (_request, call) => {
        call.signal.addEventListener("abort", () => aborted.resolve());
        return new Promise(() => {});
      },
    };
    const error = await failure(client.unary(findBranch, {}, { deadline: Date.now() + 50 }));
    expect(error.code).toBe(grpc.status.DEADLINE_EXCEEDED);
    await aborted.promise;
  });
});
