import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import * as http2 from "node:http2";
import { connect } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { BlobService } from "../../../src/transports/api/gitaly/generated/blob_pb.ts";
import { CustomHookErrorSchema } from "../../../src/transports/api/gitaly/generated/errors_pb.ts";
import { StatusSchema } from "../../../src/transports/api/grpc/generated/google/rpc/status_pb.ts";
import { RefService } from "../../../src/transports/api/gitaly/generated/ref_pb.ts";
import { type GrpcServer, startGrpcServer } from "../../../src/transports/api/grpc/server.ts";
import { service, type ServiceHandlers } from "../../../src/transports/api/grpc/service.ts";
import { StatusCode } from "../../../src/transports/api/grpc/status-code.ts";
import { GrpcStatusError, statusDetail } from "../../../src/transports/api/grpc/status-error.ts";
import { failure, TestClient } from "./grpc-client.ts";

const { findBranch } = RefService.method;
const { getBlob } = BlobService.method;
const FIND_BRANCH = {
  ":method": "POST",
  ":path": "/gitaly.RefService/FindBranch",
  "content-type": "application/grpc",
  te: "trailers",
};
const EMPTY_MESSAGE = Buffer.alloc(5);

function serve(
  refs: ServiceHandlers<typeof RefService>,
  blobs: ServiceHandlers<typeof BlobService> = {},
): Promise<GrpcServer> {
  return startGrpcServer({
    host: "127.0.0.1",
    port: 0,
    services: [service(RefService, refs), service(BlobService, blobs)],
  });
}

/** Sends one request by hand and resolves with the headers and trailers of the answer. */
async function request(
  port: number,
  headers: http2.OutgoingHttpHeaders,
  body: Buffer = EMPTY_MESSAGE,
): Promise<Readonly<Record<string, unknown>>> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const stream = session.request({ ...FIND_BRANCH, ...headers });
  let answer: Record<string, unknown> = {};
  stream.on("response", (response) => (answer = { ...answer, ...response }));
  stream.on("trailers", (trailers) => (answer = { ...answer, ...trailers }));
  stream.resume();
  stream.end(body);
  await once(stream, "close");
  session.close();
  return answer;
}

describe("close", () => {
  test("waits for calls that run, and takes no new connection", async () => {
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const server = await serve({
      findBranch: async () => {
        arrived.resolve();
        await go.promise;
        return { branch: { name: Buffer.from("x") } };
      },
    });
    const client = new TestClient(server.port);
    const answer = client.unary(findBranch, {});
    await arrived.promise;
    const closed = server.close(10_000);
    expect(await Promise.race([closed.then(() => "closed"), Bun.sleep(50).then(() => "waiting")])).toBe("waiting");
    const late = new TestClient(server.port);
    expect((await failure(late.unary(findBranch, {}))).code).toBe(grpc.status.UNAVAILABLE);
    go.resolve();
    expect(Buffer.from((await answer).branch!.name).toString()).toBe("x");
    await closed;
    client.close();
    late.close();
  });

  test("idle connections do not hold it up", async () => {
    const server = await serve({ findBranch: async () => ({}) });
    const client = new TestClient(server.port);
    await client.unary(findBranch, {});
    const startedAtMs = performance.now();
    await server.close(10_000);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    client.close();
  });

  test("runs out of patience with calls that go on", async () => {
    const signals: AbortSignal[] = [];
    const server = await serve(
      {},
      {
        async *getBlob(_request, call) {
          signals.push(call.signal);
          yield { oid: "1" };
          await new Promise(() => {});
        },
      },
    );
    const client = new TestClient(server.port);
    const stream = client.serverStream(getBlob, {});
    const status = new Promise<grpc.StatusObject>((resolve) => stream.on("status", resolve));
    stream.on("error", () => {});
    await once(stream, "data");
    await server.close(50);
    expect((await status).code).toBe(grpc.status.UNAVAILABLE);
    expect(signals[0]?.aborted).toBe(true);
    client.close();
  });
});

describe("clients that misbehave", () => {
  test("one that vanishes cancels its calls", async () => {
    const aborted = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const server = await serve({
      findBranch: (_request, call) => {
        call.signal.addEventListener("abort", () => aborted.resolve());
        arrived.resolve();
        return new Promise(() => {});
      },
    });
    const socket = connect(server.port, "127.0.0.1");
    const session = http2.connect(`http://127.0.0.1:${server.port}`, { createConnection: () => socket });
    session.on("error", () => {});
    const stream = session.request(FIND_BRANCH);
    stream.on("error", () => {});
    stream.end(EMPTY_MESSAGE);
    await arrived.promise;
    socket.destroy();
    await aborted.promise;
    await server.close(1000);
  });

  test("what is no HTTP/2, no POST, no gRPC, or no whole message", async () => {
    const server = await serve({ findBranch: async () => ({}) });
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10));
    await once(socket, "close");
    expect((await request(server.port, { ":method": "PUT" }))[":status"]).toBe(405);
    for (const type of [
      "application/json",
      "application/grpc-web",
      "application/grpc-web+proto",
      "application/grpc+json",
    ])
      expect((await request(server.port, { "content-type": type }))[":status"]).toBe(415);
    for (const type of ["application/grpc+proto", "application/grpc;charset=utf-8"])
      expect((await request(server.port, { "content-type": type }))[":status"]).toBe(200);
    for (const body of [Buffer.alloc(0), Buffer.alloc(3), Buffer.from([0, 0, 0, 0, 9, 1]), Buffer.alloc(10)]) {
      expect((await request(server.port, {}, body))["grpc-status"]).toBe(String(StatusCode.INTERNAL));
    }
    expect((await request(server.port, {}, Buffer.from([1, 0, 0, 0, 0])))["grpc-status"]).toBe(
      String(StatusCode.INTERNAL),
    );
    expect((await request(server.port, { "grpc-timeout": "1x" }))["grpc-status"]).toBe(String(StatusCode.INTERNAL));
    expect((await request(server.port, { "grpc-timeout": "5S" }))["grpc-status"]).toBe("0");
    await server.close(1000);
  });

  test("one that sends more than a message may hold is told before it has sent all", async () => {
    const server = await serve({ findBranch: async () => ({}) });
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    const stream = session.request(FIND_BRANCH);
    stream.on("error", () => {});
    const head = Buffer.alloc(5);
    head.writeUInt32BE(100 * 1024 * 1024, 1);
    stream.write(head);
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    expect(headers["grpc-status"]).toBe(String(StatusCode.RESOURCE_EXHAUSTED));
    session.destroy();
    await server.close(1000);
  });

  test("pings, as often as clients of the Gitaly protocol send them and more", async () => {
    const server = await serve({ findBranch: async () => ({}) });
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    await once(session, "connect");
    for (let i = 0; i < 20; i++) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      session.ping((error) => (error === null ? resolve() : reject(error)));
      await promise;
    }
    expect(session.destroyed).toBe(false);
    session.close();
    await server.close(1000);
  });
});

describe("statuses", () => {
  test("details of 30 KiB arrive, larger ones are left out", async () => {
    let size = 30 * 1024;
    const server = await serve({
      findBranch: async () => {
        const stderr = Buffer.alloc(size, "x");
        throw new GrpcStatusError(StatusCode.PERMISSION_DENIED, "x".repeat(10_000), {
          details: [statusDetail(CustomHookErrorSchema, { stderr })],
        });
      },
    });
    const client = new TestClient(server.port);
    const error = await failure(client.unary(findBranch, {}));
    expect(error.code).toBe(grpc.status.PERMISSION_DENIED);
    const [packed] = error.metadata.get("grpc-status-details-bin");
    expect(fromBinary(StatusSchema, packed as Buffer).details[0]!.value.byteLength).toBeGreaterThan(size);
    size = 1024 * 1024;
    const larger = await failure(client.unary(findBranch, {}));
    expect(larger.code).toBe(grpc.status.PERMISSION_DENIED);
    expect(larger.details).toMatch(/^x+$/);
    expect(larger.metadata.get("grpc-status-details-bin")).toEqual([]);
    client.close();
    await server.close(1000);
  });
});

describe("listening", () => {
  test("a port that is taken is an error", async () => {
    const server = await serve({});
    expect(startGrpcServer({ host: "127.0.0.1", port: server.port, services: [] })).rejects.toThrow("EADDRINUSE");
    await server.close(1000);
  });
});
