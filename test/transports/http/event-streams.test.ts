import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import type { Principal } from "../../../src/contract/principal.ts";
import type { OperationError } from "../../../src/domain/errors.ts";
import type { EventStream } from "../../../src/transports/http/event-stream.ts";
import { EventStreams, type EventStreamsOptions } from "../../../src/transports/http/event-streams.ts";
import { LivePlaces } from "../../../src/transports/http/live-places.ts";
import { KEYLESS } from "../../support/authenticators.ts";

const JANE: Principal = { kind: "user", name: "jane" };

/** A port that answers every request with a stream. */
class Port {
  readonly streams: EventStreams;
  readonly opened: EventStream[] = [];
  readonly #server: Bun.Server<undefined>;
  readonly #clients: Socket[] = [];
  revoke = () => {};

  constructor(tell: (stream: EventStream) => Promise<void>, options: Partial<EventStreamsOptions> = {}) {
    this.streams = new EventStreams({
      places: new LivePlaces(),
      authenticator: {
        ...KEYLESS,
        onRevoked: (_, revoked) => {
          this.revoke = revoked;
          return () => (this.revoke = () => {});
        },
      },
      ...options,
    });
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: ({ signal }) => {
        const stream = this.streams.open(JANE, { requestId: "r", peer: "127.0.0.1:1", signal });
        this.opened.push(stream);
        return stream.response(() => tell(stream));
      },
      error: (error) => new Response((error as OperationError).reason, { status: 429 }),
    });
  }

  get address(): string {
    return this.#server.url.href;
  }

  /** A client that may stop reading. */
  async client(): Promise<Socket> {
    const socket = connect(this.#server.port!, "127.0.0.1");
    this.#clients.push(socket);
    socket.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    return socket;
  }

  async close(): Promise<void> {
    this.streams.close();
    for (const client of this.#clients) client.destroy();
    await this.#server.stop(true);
  }
}

let port: Port;
afterEach(() => port.close());

const ended = (stream: EventStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.signal.aborted) resolve();
    else stream.signal.addEventListener("abort", () => resolve(), { once: true });
  });
const textOf = async () => (await fetch(port.address)).text();

describe("EventStreams", () => {
  test("send what they are given, and end when there is no more", async () => {
    port = new Port(async (stream) => {
      await stream.send("data: 1\n\n");
      await stream.send("data: ü\n\n");
    });
    const response = await fetch(port.address);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toBe("data: 1\n\ndata: ü\n\n");
    await ended(port.opened[0]!);
    expect(port.streams.size).toBe(0);
  });

  test("wait for a client that does not read, and let it go", async () => {
    const piece = `data: ${"x".repeat(64 * 1024)}\n\n`;
    let sent = 0;
    port = new Port(
      async (stream) => {
        while (!stream.signal.aborted) {
          sent++;
          await stream.send(piece);
        }
      },
      { drainMaxMs: 200 },
    );
    const client = await port.client();
    client.pause();
    await ended(port.opened[0]!);
    // What the kernel takes, and one piece more; not what would have been sent meanwhile.
    expect(sent).toBeLessThan(300);
    expect(port.streams.size).toBe(0);
  });

  test("end when the client goes", async () => {
    port = new Port((stream) => {
      void stream.send("data: 1\n\n");
      return ended(stream);
    });
    const client = await port.client();
    expect(port.streams.size).toBe(1);
    client.destroy();
    await ended(port.opened[0]!);
    expect(port.streams.size).toBe(0);
  });

  test("give back what they hold where the client has gone before the answer", async () => {
    port = new Port(ended);
    for (const isEarly of [true, false]) {
      const client = new AbortController();
      const stream = port.streams.open(JANE, { requestId: "r", peer: "127.0.0.1:1", signal: client.signal });
      if (isEarly) client.abort();
      let given = 0;
      const response = stream.response(async () => void given++);
      client.abort();
      await ended(stream);
      expect([given, port.streams.size, response.status]).toEqual([1, 0, 200]);
    }
  });

  test("say that they are alive where nothing else is said", async () => {
    port = new Port(ended, { heartbeatMs: 5 });
    const { body } = await fetch(port.address);
    let text = "";
    for await (const chunk of body!) {
      text += new TextDecoder().decode(chunk);
      if (text.length > 6) break;
    }
    expect(text.slice(0, 6)).toBe(":\n\n:\n\n");
  });

  test("say why they end with their credential", async () => {
    port = new Port((stream) => {
      void stream.send("data: 1\n\n");
      return ended(stream);
    });
    const text = textOf();
    while (port.opened.length === 0) await new Promise((resolve) => setImmediate(resolve));
    port.revoke();
    const [, last] = (await text).match(/^data: 1\n\nevent: stream_ended\ndata: (.*)\n\n$/) ?? [];
    expect(JSON.parse(last!)).toMatchObject({ code: "unauthenticated", request_id: "r" });
  });

  test("end with their own credential, and no other", () => {
    const listening = new Map<number, () => void>();
    port = new Port(ended, {
      authenticator: {
        ...KEYLESS,
        onRevoked: ({ token }, revoked) => {
          listening.set(token!.id, revoked);
          return () => void listening.delete(token!.id);
        },
      },
    });
    const { signal } = new AbortController();
    const open = (id: number) =>
      port.streams.open({ ...JANE, token: { id, access: "read" } }, { requestId: "r", peer: "127.0.0.1:1", signal });
    const [first, second, other] = [open(1), open(1), open(2)];
    listening.get(1)!();
    expect([first, second, other].map((stream) => stream.signal.aborted)).toEqual([true, true, false]);
    // Nobody listens for a credential that has no streams; one that comes again is listened for again.
    expect([...listening.keys()]).toEqual([2]);
    const again = open(1);
    expect([...listening.keys()]).toEqual([2, 1]);
    other.end();
    again.end();
    expect([listening.size, port.streams.size]).toEqual([0, 0]);
  });

  test("end together, and no more are opened", async () => {
    port = new Port((stream) => {
      void stream.send("data: 1\n\n");
      return ended(stream);
    });
    await port.client();
    const text = textOf();
    while (port.opened.length < 2) await new Promise((resolve) => setImmediate(resolve));
    port.streams.close();
    expect(await text).toBe("data: 1\n\n");
    expect(port.streams.size).toBe(0);
    expect(await textOf()).toBe("shutting_down");
  });

  test("are so many for one caller, and a place is free again when one ends", async () => {
    const places = new LivePlaces({ perCallerMax: 2 });
    port = new Port(
      (stream) => {
        void stream.send("data: 1\n\n");
        return ended(stream);
      },
      { places },
    );
    const [first] = [await port.client(), await port.client()];
    expect(await textOf()).toBe("limit_exceeded");
    first.destroy();
    await ended(port.opened[0]!);
    expect(places.open).toBe(1);
    await port.client();
    expect(places.open).toBe(2);
  });
});

describe("LivePlaces", () => {
  test("counts accounts, addresses without one, and all together", () => {
    port = new Port(ended);
    const places = new LivePlaces({ perCallerMax: 1, max: 3 });
    const leave = places.enter(JANE, "10.0.0.1:1");
    expect(() => places.enter(JANE, "10.0.0.2:2")).toThrow("over a limit");
    places.enter(undefined, "10.0.0.1:1");
    expect(() => places.enter({ kind: "anonymous", name: "anonymous" }, "10.0.0.1:2")).toThrow("over a limit");
    places.enter({ kind: "user", name: "joe" }, "10.0.0.1:1");
    expect(() => places.enter(undefined, "[2001:db8::1]:1")).toThrow("over a limit");
    leave();
    leave();
    expect(places.open).toBe(2);
    places.enter(undefined, "[2001:db8::1]:1");
  });
});
