import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { ControlClient } from "../../src/transports/control/client.ts";
import { HookReceiver } from "../support/hook-receiver.ts";
import { COMBINATIONS, install, type Installation } from "../support/installation.ts";
import type { RunningServer } from "../support/running-server.ts";

const SECRET = "between the two of us";
const PROJECT = { storage: "default", relativePath: "alice/project.git" };

describe.each([...COMBINATIONS])("webhooks, %s", (combination) => {
  let installation: Installation;
  let server: RunningServer;
  let receiver: HookReceiver;

  const start = () => installation.start({ HOLDFAST_ALLOW_PRIVATE_TARGETS: "true" });
  const call = <T>(operation: string, input: object) => new ControlClient(server.data).call<T>(operation, input);
  const list = <T>(operation: string, input: object) =>
    Array.fromAsync(new ControlClient(server.data).list<T>(operation, input));

  /** Makes something happen. */
  const createRepository = (name: string) =>
    call("createRepository", { repository: { storage: "default", relativePath: `${name}.git` } });

  beforeAll(async () => {
    installation = await install(combination);
    server = await start();
    receiver = HookReceiver.open();
    await call("createRepository", { repository: PROJECT });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    receiver.close();
    await installation[Symbol.asyncDispose]();
  });

  describe("a webhook", () => {
    test("is told of events, signed, and what was not delivered before a crash after it", async () => {
      const hook = await call<{ id: number }>("createWebhook", { url: receiver.url("/ok"), secret: SECRET });
      expect(hook).not.toHaveProperty("secret");
      await createRepository("first");
      const first = await receiver.next();
      expect(JSON.parse(first.body)).toMatchObject({ event: "repository_created", data: { repo: "first" } });
      const signature = createHmac("sha256", SECRET).update(first.body).digest("hex");
      expect(first.headers).toMatchObject({
        "x-hub-signature-256": `sha256=${signature}`,
        "x-holdfast-event": "repository_created",
        "content-type": "application/json",
      });
      // The receiver holds the next one without an answer; the server dies meanwhile.
      receiver.hold();
      await createRepository("second");
      await receiver.next();
      await createRepository("third");
      await server.kill();
      receiver.answer();
      server = await start();
      const names = new Set<string>();
      while (names.size < 2) {
        const { repo } = (JSON.parse((await receiver.next()).body) as { data: { repo: string } }).data;
        names.add(repo);
      }
      expect(names).toEqual(new Set(["second", "third"]));
      const deliveries = await list<{ state: string; event_id: string }>("listDeliveries", { id: hook.id });
      expect(new Set(deliveries.map(({ event_id }) => event_id)).size).toBe(deliveries.length);
      expect(deliveries).toHaveLength(3);
    });

    test("is sent once more what has been sent", async () => {
      const [hook] = await list<{ id: number }>("listWebhooks", {});
      const [delivery] = await list<{ id: number; event_id: string }>("listDeliveries", { id: hook!.id, limit: 1 });
      await call("redeliverDelivery", { id: hook!.id, delivery: delivery!.id });
      const again = await receiver.next();
      expect(again.headers["x-holdfast-delivery"]).toBe(String(delivery!.id));
      expect(JSON.parse(again.body)).toMatchObject({ event_id: delivery!.event_id });
    });
  });
});
