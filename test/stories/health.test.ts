// What a load balancer sees of a server whose storage goes away.
import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { startServer } from "../support/running-server.ts";

test("a server whose storage is gone is not ready, and is again when it comes back", async () => {
  await using server = await startServer();
  const health = async (path: string) => {
    const response = await fetch(`${server.addresses["http"]}/health/${path}`);
    return { status: response.status, body: (await response.json()) as unknown };
  };
  expect(await health("ready")).toMatchObject({ status: 200, body: { checks: { storages: { status: "up" } } } });
  renameSync(server.storage, `${server.storage}.away`);
  const storages = { status: "down", message: "storage cannot be read and written" };
  expect(await health("ready")).toMatchObject({ status: 503, body: { status: "down", checks: { storages } } });
  expect((await health("live")).status).toBe(200);
  renameSync(`${server.storage}.away`, server.storage);
  expect((await health("ready")).status).toBe(200);
});
