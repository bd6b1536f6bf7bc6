import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { HttpDoor } from "../../../src/transports/http/http-door.ts";
import { type HttpServer, startHttpServer } from "../../../src/transports/http/http-server.ts";
import type { LiveSocket, Sent, SocketListener } from "../../../src/transports/http/live-socket.ts";
import { KEYLESS } from "../../support/authenticators.ts";

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.close(0);
  server = undefined;
});

const bugs: unknown[] = [];

function serve(listener: SocketListener): string {
  bugs.length = 0;
  const door: HttpDoor = (_, call) => call.upgrade(listener);
  server = startHttpServer({
    host: "127.0.0.1",
    port: 0,
    doors: [door],
    authenticator: KEYLESS,
    newRequestId: () => "id-1",
    onRefused: () => {},
    onBug: (error) => bugs.push(error),
  });
  return `127.0.0.1:${server.port}`;
}

const nothing = { opened() {}, message() {}, closed() {} };

describe("a WebSocket", () => {
  test("carries messages both ways and is closed once, with its reason", async () => {
    const ended = Promise.withResolvers<[number, string]>();
    const address = serve({
      opened: (socket) => expect(socket.send("hello")).toBe("sent"),
      message(socket, message) {
        socket.send(`got ${String(message)}`);
        if (message === "bye") socket.close(4000, "as you wish");
      },
      closed: (code, reason) => ended.resolve([code, reason]),
    });
    const client = new WebSocket(`ws://${address}/ws`);
    const heard: string[] = [];
    client.addEventListener("message", ({ data }) => {
      heard.push(String(data));
      if (heard.length === 1) client.send("bye");
    });
    const close = await new Promise<CloseEvent>((resolve) => client.addEventListener("close", resolve));
    expect([close.code, close.reason]).toEqual([4000, "as you wish"]);
    expect(heard).toEqual(["hello", "got bye"]);
    expect(await ended.promise).toEqual([4000, "as you wish"]);
  });

  test("of a client that does not read takes so much and no more; the rest is dropped, and said so", async () => {
    const drained = Promise.withResolvers<void>();
    const results = new Set<Sent>();
    let opened: LiveSocket | undefined;
    const filled = Promise.withResolvers<LiveSocket>();
    const address = serve({
      ...nothing,
      opened(socket) {
        opened = socket;
        const message = "x".repeat(60_000);
        for (let turn = 0; turn < 1000; turn++) results.add(socket.send(message));
        filled.resolve(socket);
      },
      drained: () => drained.resolve(),
    });
    const [host, port] = address.split(":");
    const client = connect(Number(port), host);
    client.write(
      `GET /ws HTTP/1.1\r\nHost: ${address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    client.pause();
    const socket = await filled.promise;
    expect([...results].sort()).toEqual(["dropped", "sent", "waiting"]);
    expect(socket.waitingBytes).toBeGreaterThan(0);
    expect(socket.waitingBytes).toBeLessThan(2 * 1024 * 1024);
    client.resume();
    await drained.promise;
    opened?.terminate();
    client.destroy();
  });

  test("a listener that fails is a bug, and closes its socket", async () => {
    const address = serve({
      ...nothing,
      message() {
        throw new TypeError("secret");
      },
    });
    const client = new WebSocket(`ws://${address}/ws`);
    client.addEventListener("open", () => client.send("x"));
    const close = await new Promise<CloseEvent>((resolve) => client.addEventListener("close", resolve));
    expect([close.code, close.reason]).toEqual([1011, "internal error"]);
    expect(bugs).toHaveLength(1);
  });

  test("what asks for none is refused", async () => {
    const address = serve(nothing);
    expect(await (await fetch(`http://${address}/ws`)).json()).toMatchObject({ reason: "malformed_request" });
  });
});
