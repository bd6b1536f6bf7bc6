import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Principal } from "../../../src/contract/principal.ts";
import type { RepositoryRef } from "../../../src/contract/repository-ref.ts";
import { listEvents } from "../../../src/operations/events/list-events.ts";
import { createWebhook } from "../../../src/operations/webhooks/create-webhook.ts";
import { deleteWebhook } from "../../../src/operations/webhooks/delete-webhook.ts";
import { listDeliveries } from "../../../src/operations/webhooks/list-deliveries.ts";
import { listWebhooks } from "../../../src/operations/webhooks/list-webhooks.ts";
import { redeliverDelivery } from "../../../src/operations/webhooks/redeliver-delivery.ts";
import { showWebhook } from "../../../src/operations/webhooks/show-webhook.ts";
import { updateWebhook } from "../../../src/operations/webhooks/update-webhook.ts";
import { HookReceiver } from "../../support/hook-receiver.ts";
import { failure } from "../../support/operation-story.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";

const ANYBODY: Principal = { kind: "anonymous", name: "anonymous" };

let story: TestEngine;
let receiver: HookReceiver;
let repository: RepositoryRef;
beforeAll(async () => {
  story = await openTestEngine({ allowPrivateTargets: true });
  receiver = HookReceiver.open();
  repository = await story.createRepository("alice/project");
});
afterAll(async () => {
  receiver.close();
  await story.close();
});

const run: TestEngine["engine"]["run"] = (operation, input, _caller, parts) =>
  story.engine.run(operation, input, story.caller, parts);
const collected = async <T>(batches: AsyncIterable<T[]>) => (await Array.fromAsync(batches)).flat();
const create = (events: string[] = []) =>
  run(createWebhook, { repository, url: receiver.url("/hook"), events, secret: "s3cret" }, story.caller);

/** The events of administration so far, by name. */
async function administration(): Promise<string[]> {
  const events = await collected(run(listEvents, { admin: true }, story.caller));
  return events.filter(({ event }) => event.startsWith("webhook_")).map(({ event }) => event);
}

/** The deliveries of a hook of the server, once all of them have arrived. */
async function delivered(id: number, count: number) {
  for (;;) {
    const all = await collected(run(listDeliveries, { id }, story.caller));
    if (all.length === count && all.every(({ state }) => state === "delivered")) return all;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("createWebhook", () => {
  test("makes a hook and never shows its secret", async () => {
    const hook = await create(["push"]);
    expect(hook).toEqual({
      id: hook.id,
      url: receiver.url("/hook"),
      events: ["push"],
      active: true,
      created_at: expect.stringMatching(/Z$/) as string,
    });
    expect((await administration()).at(-1)).toBe("webhook_created");
    const events = await collected(run(listEvents, { admin: true }, story.caller));
    expect(events.at(-1)!.data).toMatchObject({ repo: "alice/project", target: new URL(receiver.url("/")).origin });
    expect(JSON.stringify(events)).not.toContain("s3cret");
    await run(deleteWebhook, { repository, id: hook.id }, story.caller);
  });

  test("is for who administers the repository, or the server", async () => {
    const url = "https://example.com/";
    const as = (input: object) => story.engine.run(createWebhook, { url, ...input }, story.as(ANYBODY));
    await failure(as({ repository }), "forbidden");
    await failure(as({}), "unauthenticated");
    await failure(as({ repository: { storage: "default", relativePath: "nothing.git" } }), "repository_not_found");
  });

  test("refuses addresses and events that cannot be", async () => {
    await failure(run(createWebhook, { repository, url: "gopher://example.com/" }, story.caller), "invalid_input");
    await failure(create(["nothing"]), "invalid_input");
    const absent = { storage: "default", relativePath: "nothing.git" };
    const made = run(createWebhook, { repository: absent, url: "https://example.com/" }, story.caller);
    await failure(made, "repository_not_found");
  });
});

describe("listWebhooks", () => {
  test("lists the hooks of one place", async () => {
    const [own, global] = [await create(), await run(createWebhook, { url: receiver.url("/all") }, story.caller)];
    expect(await collected(run(listWebhooks, { repository }, story.caller))).toEqual([own]);
    expect(await collected(run(listWebhooks, {}, story.caller))).toEqual([global]);
    await failure(collected(story.engine.run(listWebhooks, { repository }, story.as(ANYBODY))), "forbidden");
    await run(deleteWebhook, { repository, id: own.id }, story.caller);
    await run(deleteWebhook, { id: global.id }, story.caller);
  });
});

describe("showWebhook", () => {
  test("shows a hook in its own place alone", async () => {
    const hook = await create();
    expect(await run(showWebhook, { repository, id: hook.id }, story.caller)).toEqual(hook);
    await failure(run(showWebhook, { id: hook.id }, story.caller), "webhook_not_found");
    await failure(run(showWebhook, { repository, id: hook.id + 1 }, story.caller), "webhook_not_found");
    await run(deleteWebhook, { repository, id: hook.id }, story.caller);
  });
});

describe("updateWebhook", () => {
  test("changes what is named, and nothing else", async () => {
    const hook = await create(["push"]);
    const off = await run(updateWebhook, { repository, id: hook.id, active: false }, story.caller);
    expect(off).toEqual({ ...hook, active: false });
    const events = await run(updateWebhook, { repository, id: hook.id, events: [] }, story.caller);
    expect(events).toEqual({ ...hook, active: false, events: [] });
    expect((await administration()).at(-1)).toBe("webhook_changed");
    await failure(run(updateWebhook, { repository, id: hook.id, url: "x" }, story.caller), "invalid_input");
    await failure(run(updateWebhook, { id: hook.id, active: true }, story.caller), "webhook_not_found");
    await run(deleteWebhook, { repository, id: hook.id }, story.caller);
  });
});

describe("deleteWebhook", () => {
  test("deletes a hook", async () => {
    const hook = await create();
    expect(await run(deleteWebhook, { repository, id: hook.id }, story.caller)).toEqual({});
    expect((await administration()).at(-1)).toBe("webhook_deleted");
    await failure(run(deleteWebhook, { repository, id: hook.id }, story.caller), "webhook_not_found");
  });
});

describe("listDeliveries", () => {
  test("lists what was sent, the newest first, page by page", async () => {
    const hook = await run(createWebhook, { url: receiver.url("/all") }, story.caller);
    for (const name of ["one", "two", "three"]) {
      await story.createRepository(name);
      await receiver.next();
    }
    const page = (input: object) => collected(run(listDeliveries, { id: hook.id, ...input }, story.caller));
    const all = await delivered(hook.id, 3);
    expect(all.map(({ event, status, response, attempts }) => [event, status, response, attempts])).toEqual(
      Array.from({ length: 3 }, () => ["repository_created", 200, "thanks", 1]),
    );
    expect(await page({ limit: 1 })).toEqual(all.slice(0, 1));
    expect(await page({ before: all[0]!.id })).toEqual(all.slice(1));
    await failure(page({ id: 999 }), "webhook_not_found");
    await run(deleteWebhook, { id: hook.id }, story.caller);
  });
});

describe("redeliverDelivery", () => {
  test("sends the same once more", async () => {
    const hook = await run(createWebhook, { url: receiver.url("/all") }, story.caller);
    await story.createRepository("again");
    const first = await receiver.next();
    const [delivery] = await delivered(hook.id, 1);
    const again = await run(redeliverDelivery, { id: hook.id, delivery: delivery!.id }, story.caller);
    expect(again).toMatchObject({ id: delivery!.id, event: "repository_created" });
    expect((await receiver.next()).body).toBe(first.body);
    const missing = run(redeliverDelivery, { id: hook.id, delivery: 12345 }, story.caller);
    await failure(missing, "delivery_not_found");
    await run(deleteWebhook, { id: hook.id }, story.caller);
  });
});
