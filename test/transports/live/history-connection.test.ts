import { describe, expect, test } from "bun:test";
import type { Caller, Principal } from "../../../src/contract/principal.ts";
import { OperationError } from "../../../src/domain/errors.ts";
import { type Follow, HistoryConnection } from "../../../src/transports/live/websocket/history-connection.ts";
import type { Socket } from "../../../src/transports/live/websocket/live-connection.ts";
import { authenticatorOf } from "../../support/authenticators.ts";

const JANE: Principal = { kind: "user", name: "jane" };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The client's end, as far as the server sees it. */
class Client implements Socket {
  readonly told: Record<string, unknown>[] = [];
  readonly bugs: unknown[] = [];
  closedWith: number | undefined;
  next: "sent" | "waiting" | "dropped" = "sent";
  readonly connection: HistoryConnection;
  caller: Caller | undefined;
  revoke: () => void = () => {};
  gone = 0;

  constructor(follow: Follow, principal: Principal | "unknown" = JANE, drainMaxMs = 10_000) {
    const authenticator = {
      ...authenticatorOf({ good: JANE }),
      onRevoked: (_: Principal, revoked: () => void) => {
        this.revoke = revoked;
        return () => (this.revoke = () => {});
      },
    };
    const services = {
      authenticator,
      newRequestId: () => "r",
      onBug: (error: unknown) => void this.bugs.push(error),
      drainMaxMs,
    };
    const following: Follow = (caller) => {
      this.caller = caller;
      return follow(caller);
    };
    const known = principal === "unknown" ? undefined : principal;
    this.connection = new HistoryConnection(services, "127.0.0.1:1", known, following, () => this.gone++);
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

  async messages(count: number): Promise<Record<string, unknown>[]> {
    while (this.told.length < count) await turn();
    return this.told;
  }

  async closed(): Promise<number> {
    while (this.closedWith === undefined) await turn();
    return this.closedWith;
  }
}

/** Tells what it is given, and then waits until nobody listens. */
const telling = (...messages: object[]): Follow =>
  async function* (caller) {
    yield* messages;
    await new Promise<void>((resolve) => caller.signal.addEventListener("abort", () => resolve(), { once: true }));
  };

describe("HistoryConnection", () => {
  test("tells what it follows, and ends it with the socket", async () => {
    const client = new Client(telling({ type: "begin" }, { type: "done" }));
    expect(await client.messages(2)).toEqual([{ type: "begin" }, { type: "done" }]);
    expect(client.caller).toMatchObject({ principal: JANE, door: "ws", peer: "127.0.0.1:1" });
    client.say({ type: "ping" });
    expect((await client.messages(3))[2]).toEqual({ type: "pong" });
    expect(client.caller!.signal.aborted).toBe(false);
    client.close(1000);
    expect([client.caller!.signal.aborted, client.gone]).toEqual([true, 1]);
  });

  test("asks for no more while the client does not read", async () => {
    let asked = 0;
    const client = new Client(async function* () {
      for (;;) yield { n: ++asked };
    });
    client.next = "waiting";
    await client.messages(1);
    for (let n = 0; n < 20; n++) await turn();
    const before = asked;
    expect(asked).toBe(client.told.length);
    client.connection.drained();
    await client.messages(before + 1);
    client.next = "dropped";
    client.connection.drained();
    expect(await client.closed()).toBe(1013);
    const last = asked;
    for (let n = 0; n < 5; n++) await turn();
    expect([asked, client.caller!.signal.aborted]).toEqual([last, true]);
  });

  test("lets a client go that never reads what waits for it", async () => {
    const client = new Client(telling({ type: "begin" }, { type: "done" }), JANE, 5);
    client.next = "waiting";
    expect(await client.closed()).toBe(1013);
    expect(client.caller!.signal.aborted).toBe(true);
  });

  test("tells what is wrong, and closes with what HTTP says of it", async () => {
    const client = new Client(async function* () {
      yield { type: "begin" };
      throw new OperationError("revision_not_found", { revision: "none" });
    });
    expect(await client.closed()).toBe(4404);
    expect(client.told[1]).toEqual({
      type: "error",
      error: "revision not found: none",
      code: "not_found",
      reason: "revision_not_found",
      details: { revision: "none" },
      request_id: "r",
    });
    const bug = new Client(async function* () {
      yield { type: "begin" };
      throw new TypeError("a secret");
    });
    expect(await bug.closed()).toBe(4500);
    expect([bug.bugs.length, JSON.stringify(bug.told).includes("secret")]).toEqual([1, false]);
  });

  test("takes a token as its first message, and nothing before", async () => {
    const client = new Client(telling({ type: "begin" }), "unknown");
    client.say({ type: "subscribe", channel: "events" });
    client.say("garbage");
    expect(await client.messages(2)).toMatchObject([{ reason: "invalid_input" }, { reason: "invalid_input" }]);
    client.say({ type: "authenticate", token: "good" });
    expect((await client.messages(4)).slice(2)).toEqual([{ type: "authenticated", user: "jane" }, { type: "begin" }]);
    client.say({ type: "authenticate", token: "good" });
    expect((await client.messages(5))[4]).toMatchObject({ type: "error", reason: "invalid_input" });
    client.revoke();
    expect([client.closedWith, client.caller!.signal.aborted]).toEqual([4401, true]);

    const stranger = new Client(telling({ type: "begin" }), "unknown");
    stranger.say({ type: "authenticate", token: "bad" });
    expect([await stranger.closed(), stranger.caller]).toEqual([4401, undefined]);
  });
});
