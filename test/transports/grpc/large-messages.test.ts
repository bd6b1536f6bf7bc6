// Large messages share a bounded memory: who announces one and does not send it keeps it from nobody for long.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { EXAMPLE_TOKEN } from "../../support/example-world.ts";
import { HoldfastClient } from "../../support/holdfast-client.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";
import { BLOB_BYTES_MAX, type HoldfastListener, listenHoldfast } from "./holdfast-listener.ts";

const AUTH = { authorization: `Bearer ${EXAMPLE_TOKEN}` };
const STALL_MS = 300;

let engine: TestEngine;
let door: HoldfastListener;
let client: HoldfastClient;
let session: ClientHttp2Session;

beforeAll(async () => {
  engine = await openTestEngine({ adminToken: EXAMPLE_TOKEN });
  await engine.createRepository("alice/demo");
  door = await listenHoldfast(engine.engine, engine.authenticator, undefined, STALL_MS);
  client = new HoldfastClient(door.port);
  session = connect(`http://127.0.0.1:${door.port}`);
});
afterAll(async () => {
  client.close();
  session.close();
  await door.close();
  await engine.close();
});

const put = (path: string) => ({
  repo: "alice/demo",
  branch: Buffer.from("main"),
  path: Buffer.from(path),
  content: Buffer.alloc(BLOB_BYTES_MAX - 1, path),
  message: Buffer.from("Write"),
});

/** A call that announces a message and sends only its beginning. */
function announce(bytes: number) {
  const stream = session.request({
    ":method": "POST",
    ":path": client.method("PutFile")!.path,
    "content-type": "application/grpc",
    te: "trailers",
    ...AUTH,
  });
  const frame = Buffer.alloc(5 + 10);
  frame.writeUInt32BE(bytes, 1);
  stream.write(frame);
  return stream;
}

describe("large messages", () => {
  test("that stop coming are given up, and those that wait behind them go on", async () => {
    // Each of these takes half of the memory.
    const stalled = [announce(BLOB_BYTES_MAX), announce(BLOB_BYTES_MAX)];
    const ended = Promise.all(
      stalled.map(async (stream) => (await once(stream, "response")) as [Record<string, string>]),
    );
    const { message } = await client.call("PutFile", put("a"), AUTH);
    expect(message["branch_created"]).toBe(true);
    expect((await ended).map(([headers]) => headers["grpc-status"])).toEqual(["1", "1"]);
  });

  test("of clients that go away leave their memory at once", async () => {
    const gone = [announce(BLOB_BYTES_MAX), announce(BLOB_BYTES_MAX)];
    await Promise.all(gone.map(async (stream) => (stream.close(8), await once(stream, "close"))));
    const { message } = await client.call("PutFile", put("b"), AUTH);
    expect(message["commit"]).toMatch(/^[0-9a-f]{40}$/);
  });

  test("that are announced larger than any may be are refused before they come", async () => {
    const [headers] = (await once(announce(BLOB_BYTES_MAX * 2), "response")) as [Record<string, string>];
    expect(headers["grpc-status"]).toBe("8");
  });

  test("are not read before it is known who sends them", async () => {
    const stream = session.request({
      ":method": "POST",
      ":path": client.method("PutFile")!.path,
      "content-type": "application/grpc",
      authorization: "Bearer none",
    });
    const [headers] = (await once(stream, "response")) as [Record<string, string>];
    expect(headers["grpc-status"]).toBe("16");
    stream.close();
  });
});
