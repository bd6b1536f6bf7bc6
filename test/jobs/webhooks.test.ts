import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Events, PendingEvent } from "../../src/contract/events.ts";
import type { NewWebhook, WebhookRecord } from "../../src/contract/webhooks.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { Database } from "../../src/database/database.ts";
import { DatabaseWebhookStore } from "../../src/database/webhook-store.ts";
import { type Answer, type Post, PostFailure } from "../../src/jobs/post-to-target.ts";
import { WebhookSender } from "../../src/jobs/webhook-sender.ts";
import { WebhookService } from "../../src/jobs/webhook-service.ts";
import { failureOf } from "../support/failure-of.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { DATABASES, makeTestDatabase, type TestDatabase } from "../support/test-databases.ts";

const HOUR_MS = 60 * 60 * 1000;
const at = (name: string): RepositoryRef => ({ storage: "default", relativePath: `${name}.git` });

/** Events that a test makes up. */
class MadeUpEvents implements Events {
  readonly #events: PendingEvent[] = [];
  readonly #wakes = new Set<() => void>();

  happen(name: PendingEvent["name"], ...repositories: RepositoryRef[]): void {
    const id = BigInt(this.#events.length + 1);
    const delivered = {
      event_id: String(id),
      event: name,
      timestamp: "2026-01-01T00:00:00.000Z",
      data: { n: Number(id) },
    };
    this.#events.push({ id, name, repositories, isOutlived: () => false, deliver: () => delivered });
    for (const wake of this.#wakes) wake();
  }

  newest(): bigint {
    return BigInt(this.#events.length);
  }

  async recordAdmin(): Promise<void> {}

  async *past(): AsyncGenerator<readonly PendingEvent[]> {}

  async *watch({ since = 0n, signal }: Parameters<Events["watch"]>[0]): AsyncGenerator<readonly PendingEvent[]> {
    for (let position = Number(since); !signal.aborted;) {
      const batch = this.#events.slice(position);
      position += batch.length;
      if (batch.length > 0) yield batch;
      else {
        await new Promise<void>((resolve) => {
          this.#wakes.add(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    }
  }
}

/** Somebody's servers: what they are sent, and what they answer. */
class Receivers {
  readonly posts: Post[] = [];
  answer: (post: Post) => Promise<Answer> = async () => ({ status: 200, text: "ok" });
  #waiting: (() => void)[] = [];

  readonly post = (post: Post, signal: AbortSignal): Promise<Answer> => {
    this.posts.push(post);
    for (const wake of this.#waiting.splice(0)) wake();
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new PostFailure("ended")), { once: true });
      this.answer(post).then(resolve, reject);
    });
  };

  async count(count: number): Promise<void> {
    while (this.posts.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

for (const kind of DATABASES) {
  describe(`webhooks in ${kind}`, () => {
    const clock = new FakeClock();
    let place: TestDatabase;
    let database: Database;
    let store: DatabaseWebhookStore;
    let events: MadeUpEvents;
    let receivers: Receivers;
    let service: WebhookService;
    const problems: unknown[] = [];

    beforeEach(async () => {
      place = await makeTestDatabase(kind);
      database = await place.open();
      store = new DatabaseWebhookStore(database);
      events = new MadeUpEvents();
      receivers = new Receivers();
      problems.length = 0;
      open();
    });
    afterEach(async () => {
      await service.close();
      await database.close();
      await place.remove();
      expect(problems).toEqual([]);
    });

    const sending = () => ({ store, clock, dice: () => 0, userAgent: "holdfast/0", post: receivers.post });
    const onFailed = (error: unknown) => void problems.push(error);

    function open(): void {
      const canonical = (ref: RepositoryRef) => ref;
      const rest = { events, canonical, allowPrivate: false, deliveriesKeepDays: 30, onFailed };
      service = new WebhookService({ ...sending(), ...rest });
      service.start();
    }

    const create = (hook: Partial<NewWebhook> = {}): Promise<WebhookRecord> =>
      service.create({ url: "https://one.example.com/", events: [], active: true, secret: "", ...hook });
    const deliveries = (hook: WebhookRecord) => service.deliveries(hook, { limit: 100 });
    /** Waits until nothing is on its way to a hook. */
    const settled = async (hook: WebhookRecord, count: number) => {
      for (;;) {
        const found = await deliveries(hook);
        if (found.length === count && found.every(({ attempts }) => attempts > 0)) return found;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };

    test("are told of what they want, once", async () => {
      events.happen("push", at("a"));
      const all = await create({ url: "https://all.example.com/" });
      const own = await create({ url: "https://own.example.com/", repository: at("a") });
      const named = await create({ url: "https://named.example.com/", events: ["user_created", "push"] });
      await create({ url: "https://off.example.com/", active: false });
      events.happen("push", at("a"));
      events.happen("branch_created", at("b"));
      events.happen("user_created");
      await settled(all, 2);
      await settled(own, 1);
      await settled(named, 2);
      const told = receivers.posts.map(({ url, headers }) => `${new URL(url).hostname} ${headers["x-holdfast-event"]}`);
      expect(told.toSorted()).toEqual([
        "all.example.com branch_created",
        "all.example.com push",
        "named.example.com push",
        "named.example.com user_created",
        "own.example.com push",
      ]);
      expect(await store.cursor()).toBe(4n);
      // The same events once more, as after a crash before the cursor was written.
      await store.enqueue([{ webhookId: all.id, eventId: "2", event: "push", body: "{}" }], 4n, clock.nowMs());
      expect(await deliveries(all)).toHaveLength(2);
    });

    test("are signed where there is a secret", async () => {
      const hook = await create({ secret: "key" });
      events.happen("push", at("a"));
      await settled(hook, 1);
      const { headers, body } = receivers.posts[0]!;
      const expected = new Bun.CryptoHasher("sha256", "key").update(body).digest("hex");
      expect(headers).toMatchObject({ "x-hub-signature-256": `sha256=${expected}`, "x-holdfast-delivery": "1" });
      expect(JSON.parse(body)).toMatchObject({ event_id: "1", event: "push", data: { n: 1 } });
    });

    test("go with their repository, and are told of its end", async () => {
      const hook = await create({ repository: at("a") });
      events.happen("push", at("a"));
      events.happen("repository_renamed", at("a"), at("b"));
      events.happen("push", at("a"));
      events.happen("push", at("b"));
      await settled(hook, 3);
      expect((await service.list(at("b"))).map(({ id }) => id)).toEqual([hook.id]);
      events.happen("repository_deleted", at("b"));
      events.happen("push", at("b"));
      await settled(hook, 4);
      expect((await deliveries(hook)).map(({ event }) => event)).toEqual([
        "repository_deleted",
        "push",
        "repository_renamed",
        "push",
      ]);
      expect(await service.list(at("b"))).toEqual([]);
    });

    test("go on where an earlier server left off", async () => {
      const hook = await create();
      receivers.answer = () => new Promise(() => {});
      events.happen("push", at("a"));
      await receivers.count(1);
      await service.close();
      events.happen("push", at("a"));
      expect((await deliveries(hook)).map(({ state, attempts }) => [state, attempts])).toEqual([["pending", 0]]);
      receivers.answer = async () => ({ status: 204, text: "" });
      open();
      const found = await settled(hook, 2);
      expect(found.map(({ eventId, state, status }) => [eventId, state, status])).toEqual([
        ["2", "delivered", 204],
        ["1", "delivered", 204],
      ]);
    });

    test("are tried again, later and later, and then no more", async () => {
      await service.close();
      const hook = await store.create({ url: "https://x.example.com/", events: [], active: true, secret: "" }, 0n, 0);
      await store.enqueue([{ webhookId: hook.id, eventId: "1", event: "push", body: "{}" }], 1n, clock.nowMs());
      const sender = new WebhookSender({ ...sending(), onFailed });
      receivers.answer = async () => {
        if (receivers.posts.length % 2 === 0) throw new PostFailure("cannot be reached: ECONNREFUSED");
        return { status: 500, text: "oh" };
      };
      const waits: number[] = [];
      for (let attempt = 1; ; attempt++) {
        sender.wake();
        let delivery = (await store.deliveries(hook.id, { limit: 1 }))[0]!;
        while (delivery.attempts < attempt) {
          await new Promise((resolve) => setImmediate(resolve));
          delivery = (await store.deliveries(hook.id, { limit: 1 }))[0]!;
        }
        expect(attempt % 2 === 0 ? delivery.error : delivery.status).toBe(
          attempt % 2 === 0 ? "cannot be reached: ECONNREFUSED" : 500,
        );
        if (delivery.nextAttemptAtMs === undefined) {
          expect([delivery.state, delivery.attempts]).toEqual(["failed", 9]);
          break;
        }
        waits.push(delivery.nextAttemptAtMs - clock.nowMs());
        clock.advance(waits.at(-1)!);
      }
      expect(waits).toEqual([10_000, 60_000, 300_000, 1_800_000, 2 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, 24 * HOUR_MS]);
      // The sender may look, and send, before this has been written down.
      receivers.answer = async () => ({ status: 200, text: "thanks" });
      await store.again(1, clock.nowMs());
      sender.wake();
      while ((await store.deliveries(hook.id, { limit: 1 }))[0]!.state !== "delivered") {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await sender.close();
    });

    test("of one host do not keep those of others waiting", async () => {
      const slow = await create({ url: "https://slow.example.com/", events: ["push"] });
      const quick = await create({ url: "https://quick.example.com/", events: ["tag_created"] });
      receivers.answer = (post) =>
        post.url.includes("slow") ? new Promise(() => {}) : Promise.resolve({ status: 200, text: "" });
      for (let n = 0; n < 300; n++) events.happen("push", at("a"));
      await receivers.count(4);
      events.happen("tag_created", at("a"));
      await settled(quick, 1);
      expect(receivers.posts.filter(({ url }) => url.includes("slow"))).toHaveLength(4);
      expect(await deliveries(slow)).toHaveLength(100);
    });

    test("are refused where they cannot work", async () => {
      const refused = async (hook: Partial<NewWebhook>) =>
        expect(await failureOf(create(hook))).toMatchObject({ reason: "invalid_input" });
      await refused({ url: "nonsense" });
      await refused({ url: "file:///etc/passwd" });
      await refused({ url: "http://127.0.0.1/" });
      await refused({ url: "http://[::1]/" });
      await refused({ url: `https://example.com/${"x".repeat(3000)}` });
      await refused({ events: ["push", "nothing"] });
      // What administration changes is no repository's concern.
      await refused({ repository: at("a"), events: ["user_created"] });
      await create({ repository: at("a") });
      expect(await failureOf(service.find(undefined, 1))).toMatchObject({ reason: "webhook_not_found" });
      expect(await failureOf(service.find(at("b"), 1))).toMatchObject({ reason: "webhook_not_found" });
      const [hook] = await service.list(at("a"));
      expect(await failureOf(service.redeliver(hook!, 7))).toMatchObject({ reason: "delivery_not_found" });
    });

    test("forget deliveries after a while", async () => {
      const hook = await create();
      events.happen("push", at("a"));
      await settled(hook, 1);
      await store.prune(clock.nowMs());
      expect(await deliveries(hook)).toHaveLength(1);
      await store.prune(clock.nowMs() + 1);
      expect(await deliveries(hook)).toEqual([]);
    });
  });
}
