import { describe, expect, test } from "bun:test";
import type { Authenticator } from "../../../src/contract/authenticator.ts";
import type { DeliveredEvent } from "../../../src/contract/events.ts";
import type { Caller, Principal } from "../../../src/contract/principal.ts";
import { OperationError } from "../../../src/domain/errors.ts";
import { LiveConnection, type Socket } from "../../../src/transports/live/websocket/live-connection.ts";

const JANE: Principal = { kind: "user", name: "jane" };
const BEGIN = delivered("events_begin", 7);

function delivered(event: DeliveredEvent["event"], id: number): DeliveredEvent {
  return { event_id: String(id), event, timestamp: "2026-01-01T00:00:00.000Z", data: { n: id } };
}

/** The client's end, as far as the server sees it. */
class Client implements Socket {
  readonly told: Record<string, unknown>[] = [];
  closedWith: number | undefined;
  next: "sent" | "waiting" | "dropped" = "sent";
  readonly connection: LiveConnection;
  readonly callers: Caller[] = [];
  revoke: () => void = () => {};
  gone = 0;

  constructor(
    watch: (channel: string, caller: Caller) => AsyncIterable<DeliveredEvent>,
    principal: Principal | "unknown" = JANE,
    readonly drainMaxMs = 10_000,
  ) {
    const authenticator: Authenticator = {
      token: async (secret) => {
        if (secret !== "good") throw new OperationError("unauthenticated", {});
        return JANE;
      },
      publicKey: async () => undefined,
      anonymous: () => ({ kind: "anonymous", name: "anonymous" }),
      onRevoked: (_, revoked) => {
        this.revoke = revoked;
        return () => (this.revoke = () => {});
      },
    };
    const services = {
      authenticator,
      newRequestId: () => "r",
      watch: (channel: string, _since: string | undefined, caller: Caller) => {
        this.callers.push(caller);
        return watch(channel, caller);
      },
      drainMaxMs: this.drainMaxMs,
      onBug: (error: unknown) => {
        throw error;
      },
    };
    this.connection = new LiveConnection(
      services,
      "127.0.0.1:1",
      principal === "unknown" ? undefined : principal,
      () => this.gone++,
    );
    this.connection.opened(this);
  }

  send(text: string) {
    if (this.next !== "dropped") this.told.push(JSON.parse(text) as Record<string, unknown>);
    return this.next;
  }

  close(code: number): void {
    this.closedWith = code;
    this.connection.closed();
  }

  terminate(): void {
    this.connection.closed();
  }

  say(message: unknown): void {
    this.connection.message(this, typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Waits until so many messages have come. */
  async messages(count: number): Promise<Record<string, unknown>[]> {
    while (this.told.length < count) await new Promise((resolve) => setImmediate(resolve));
    return this.told;
  }
}

/** A channel that tells what it is given, and then waits until nobody listens. */
async function* telling(caller: Caller, ...events: DeliveredEvent[]): AsyncGenerator<DeliveredEvent> {
  yield* events;
  await new Promise<void>((resolve) => caller.signal.addEventListener("abort", () => resolve(), { once: true }));
}

describe("LiveConnection", () => {
  test("subscribes, tells, unsubscribes, and answers a ping", async () => {
    const client = new Client((_, caller) => telling(caller, BEGIN, delivered("push", 8)));
    client.say({ type: "subscribe", channel: "repo:a", since: 7 });
    expect(await client.messages(2)).toEqual([
      { type: "subscribed", channel: "repo:a", event_id: "7" },
      {
        type: "event",
        channel: "repo:a",
        event: "push",
        data: { n: 8 },
        timestamp: "2026-01-01T00:00:00.000Z",
        event_id: "8",
      },
    ]);
    client.say({ type: "unsubscribe", channel: "repo:a" });
    client.say({ type: "ping" });
    expect((await client.messages(4)).slice(2)).toEqual([
      { type: "unsubscribed", channel: "repo:a" },
      { type: "pong" },
    ]);
    expect(client.callers[0]!.signal.aborted).toBe(true);
    client.say({ type: "subscribe", channel: "repo:a" });
    await client.messages(6);
    client.close(1000);
    expect([client.callers[1]!.signal.aborted, client.gone]).toEqual([true, 1]);
  });

  test("answers what it does not understand, and goes on", async () => {
    const client = new Client((_, caller) => telling(caller, BEGIN));
    const wrong = [
      "nonsense",
      "[]",
      "1",
      {},
      { type: "shout" },
      { type: "subscribe" },
      { type: "subscribe", channel: "" },
      { type: "subscribe", channel: 1 },
      { type: "subscribe", channel: "x".repeat(2000) },
      { type: "subscribe", channel: "repo:a", since: "first" },
      { type: "subscribe", channel: "repo:a", since: -1 },
      { type: "authenticate" },
    ];
    for (const message of wrong) client.say(message);
    for (const told of await client.messages(wrong.length)) {
      expect(told).toMatchObject({ type: "error", reason: "invalid_input", code: "invalid_argument" });
      expect(typeof told["error"]).toBe("string");
    }
    client.say({ type: "subscribe", channel: "repo:a" });
    client.say({ type: "subscribe", channel: "repo:a" });
    const [twice, subscribed] = (await client.messages(wrong.length + 2)).slice(wrong.length);
    expect(twice).toMatchObject({ type: "error", reason: "invalid_input" });
    expect(subscribed).toMatchObject({ type: "subscribed" });
    client.connection.message(client, new Uint8Array([1]));
    expect(client.closedWith).toBe(1003);
  });

  test("tells which channel failed, and leaves the others alone", async () => {
    const client = new Client((channel, caller) => {
      if (channel === "repo:a") return telling(caller, BEGIN);
      throw new OperationError("repository_not_found", { repository: "b" });
    });
    client.say({ type: "subscribe", channel: "repo:a" });
    client.say({ type: "subscribe", channel: "repo:b" });
    const told = await client.messages(2);
    expect(told.find(({ type }) => type === "error")).toEqual({
      type: "error",
      error: "repository not found",
      code: "not_found",
      reason: "repository_not_found",
      details: { repository: "b" },
      channel: "repo:b",
      request_id: "r",
    });
    expect(client.callers[0]!.signal.aborted).toBe(false);
    client.close(1000);
  });

  test("has a limit of channels", async () => {
    const client = new Client((_, caller) => telling(caller, BEGIN));
    for (let n = 0; n < 1000; n++) client.say({ type: "subscribe", channel: `repo:${n}` });
    const told = await client.messages(1000);
    expect(told.filter(({ type }) => type === "subscribed")).toHaveLength(100);
    expect(told.find(({ type }) => type === "error")).toMatchObject({ reason: "limit_exceeded" });
    client.close(1000);
    expect(client.callers.every(({ signal }) => signal.aborted)).toBe(true);
  });

  test("takes a token as its first message, and nothing before", async () => {
    const client = new Client((_, caller) => telling(caller, BEGIN), "unknown");
    client.say({ type: "subscribe", channel: "repo:a" });
    expect(await client.messages(1)).toMatchObject([{ type: "error", reason: "unauthenticated" }]);
    client.say({ type: "authenticate", token: "bad" });
    expect((await client.messages(2))[1]).toMatchObject({ type: "error", reason: "unauthenticated" });
    client.say({ type: "authenticate", token: "good" });
    expect((await client.messages(3))[2]).toEqual({ type: "authenticated", user: "jane" });
    client.say({ type: "subscribe", channel: "repo:a" });
    await client.messages(4);
    expect(client.callers[0]).toMatchObject({ principal: JANE, door: "ws", peer: "127.0.0.1:1" });
    client.say({ type: "authenticate", token: "good" });
    expect((await client.messages(5))[4]).toMatchObject({ type: "error", reason: "invalid_input" });
    client.revoke();
    expect(client.closedWith).toBe(4401);
  });

  test("ends when its credentials are revoked", async () => {
    const client = new Client((_, caller) => telling(caller, BEGIN));
    client.say({ type: "subscribe", channel: "events" });
    await client.messages(1);
    client.revoke();
    expect([client.closedWith, client.callers[0]!.signal.aborted]).toEqual([4401, true]);
  });

  test("lets a client go that never reads what waits for it", async () => {
    const client = new Client((_, caller) => telling(caller, BEGIN), JANE, 5);
    client.next = "waiting";
    client.say({ type: "subscribe", channel: "repo:a" });
    while (client.closedWith === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect([client.closedWith, client.callers[0]!.signal.aborted]).toEqual([1013, true]);
  });

  test("waits for a client that reads slowly, and lets one go that is too slow", async () => {
    let pulled = 0;
    async function* many(): AsyncGenerator<DeliveredEvent> {
      yield BEGIN;
      for (;;) yield delivered("push", ++pulled);
    }
    const client = new Client(() => many());
    client.next = "waiting";
    client.say({ type: "subscribe", channel: "repo:a" });
    await client.messages(1);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([pulled, client.told.length]).toEqual([0, 1]);
    client.connection.drained();
    await client.messages(2);
    client.next = "dropped";
    client.connection.drained();
    while (client.closedWith === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(client.closedWith).toBe(1013);

    async function* tooMuch(): AsyncGenerator<DeliveredEvent> {
      yield BEGIN;
      throw new OperationError("reader_too_slow", { waiting: 2, maximum: 1 });
    }
    const slow = new Client(() => tooMuch());
    slow.say({ type: "subscribe", channel: "repo:a" });
    expect((await slow.messages(2))[1]).toMatchObject({ type: "error", reason: "reader_too_slow", channel: "repo:a" });
    expect(slow.closedWith).toBe(1013);
  });
});
