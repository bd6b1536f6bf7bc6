// What the bridge of `holdfast mcp` does when a server ends what its client cannot see: its streams.
import { describe, expect, test } from "bun:test";
import { McpBridge, type McpEndpoint } from "../../src/cli/mcp-bridge.ts";

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly uri?: string };
}

const URI = "holdfast://alice%2Fdemo/main/README.md";
const EVENTS = { headers: { "content-type": "text/event-stream" } };
const eventOf = (message: object): string => `event: message\ndata: ${JSON.stringify(message)}\n\n`;

/** A server that answers everything, and a client's bridge to it. */
class Conversation implements McpEndpoint {
  readonly posted: Message[] = [];
  readonly written: Message[] = [];
  /** The streams that were asked for by GET. */
  readonly streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  readonly bridge = new McpBridge(this, async (line) => {
    this.written.push(JSON.parse(line) as Message);
    this.#told();
  });
  isThere = true;
  getStatus = 200;
  asked = 0;
  looked = 0;
  #changed = Promise.withResolvers<void>();

  /** Waits until this holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  send(message: object): void {
    this.bridge.take(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  async unfollow(): Promise<void> {
    this.send({ id: 2, method: "resources/unsubscribe", params: { uri: URI } });
    await this.until(() => this.written.some(({ id }) => id === 2));
  }

  async post(body: string): Promise<Response> {
    const message = JSON.parse(body) as Message;
    this.posted.push(message);
    this.#told();
    if (message.method === "subscriptions/listen")
      return new Response(eventOf({ jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged" }), EVENTS);
    return new Response(eventOf({ jsonrpc: "2.0", id: message.id, result: {} }), EVENTS);
  }

  async get(_: unknown, signal: AbortSignal): Promise<Response> {
    this.asked++;
    this.#told();
    if (this.getStatus !== 200) return new Response(null, { status: this.getStatus });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.streams.push(controller);
        signal.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    return new Response(body, EVENTS);
  }

  async isServed(): Promise<boolean> {
    this.looked++;
    this.#told();
    return this.isThere;
  }

  #told(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

const updates = ({ written }: Conversation) =>
  written.filter(({ method }) => method === "notifications/resources/updated").map(({ params }) => params?.uri);

describe("a stream that the server ends", () => {
  test("is the end of the request that asked for it", async () => {
    const talk = new Conversation();
    talk.send({ id: "listen:1", method: "subscriptions/listen" });
    await talk.until(() => talk.written.length === 2);
    expect(talk.written).toMatchObject([
      { method: "notifications/subscriptions/acknowledged" },
      { id: "listen:1", error: { code: -32000 } },
    ]);
    await talk.bridge.end(1000);
  });

  test("is asked for again with all that a client of 2025 follows, who is told that it may have moved", async () => {
    const talk = new Conversation();
    talk.send({ id: 1, method: "resources/subscribe", params: { uri: URI } });
    await talk.until(() => talk.written.length === 1);
    talk.isThere = false;
    talk.streams[0]!.close();
    await talk.until(() => talk.looked === 1);
    expect(talk.asked).toBe(1);
    talk.isThere = true;
    await talk.until(() => updates(talk).length === 1);
    expect([talk.asked, updates(talk)]).toEqual([2, [URI]]);
    expect(talk.posted.map(({ method, params }) => [method, params?.uri])).toEqual([
      ["resources/subscribe", URI],
      ["resources/subscribe", URI],
    ]);
    // The answer to what the client has not asked is not for him.
    expect(talk.written.filter(({ id }) => id !== undefined)).toHaveLength(1);
    await talk.bridge.end(1000);
  });

  for (const [what, end] of [
    ["nothing is followed any more", (talk: Conversation) => talk.unfollow()],
    ["nothing may be", (talk: Conversation) => void (talk.getStatus = 401)],
  ] as const)
    test(`is not asked for again for long where ${what}`, async () => {
      const talk = new Conversation();
      talk.send({ id: 1, method: "resources/subscribe", params: { uri: URI } });
      await talk.until(() => talk.written.length === 1);
      await end(talk);
      talk.streams[0]!.close();
      // All that follows upon the end has no other moment to wait for.
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      talk.getStatus = 200;
      const { asked } = talk;
      talk.send({ id: 3, method: "resources/subscribe", params: { uri: URI } });
      await talk.until(() => talk.written.some(({ id }) => id === 3));
      expect([talk.asked, talk.streams.length, updates(talk)]).toEqual([asked + 1, 2, []]);
      await talk.bridge.end(1000);
    });
});
