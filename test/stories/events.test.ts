import { Value } from "@sinclair/typebox/value";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_DATA } from "../../src/contract/event-schemas.ts";
import type { RepositoryEventName } from "../../src/domain/event-names.ts";
import { ControlClient } from "../../src/transports/control/client.ts";
import { LiveClient, type LiveMessage } from "../support/live-client.ts";
import { EACH_ONCE, install, type Installation } from "../support/installation.ts";
import { holdfast, type RunningServer } from "../support/running-server.ts";
import { runGit } from "../support/temporary-repository.ts";

describe.each([...EACH_ONCE])("events, %s", (combination) => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-events-"));
  let installation: Installation;
  let server: RunningServer;
  let work: string;

  const TOKEN = "holdfast-story-token-of-the-administrator";
  const AUTHOR = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com"];

  const start = () => installation.start({ HOLDFAST_ADMIN_TOKEN: TOKEN });

  beforeAll(async () => {
    installation = await install(combination);
    server = await start();
    work = join(place, "work");
    await runGit(place, ["init", "-q", "-b", "main", work]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  const command = (...args: string[]) => holdfast(args, { HOLDFAST_DATA: server.data });
  const address = (name: string) => `${server.addresses["http"]!.replace("://", `://admin:${TOKEN}@`)}/git/${name}`;

  async function commit(message: string): Promise<string> {
    await runGit(work, [...AUTHOR, "commit", "-q", "--allow-empty", "-m", message]);
    return (await runGit(work, ["rev-parse", "HEAD"])).toString().trim();
  }

  const push = (name: string, ...refspecs: string[]) => runGit(work, ["push", "-q", address(name), ...refspecs]);

  describe("a subscriber of /ws", () => {
    test("is told of a push as it happens", async () => {
      expect((await command("repo", "create", "alice/live")).code).toBe(0);
      const client = await LiveClient.connect(server.addresses["http"]!);
      expect(await client.subscribe("repo:alice/live")).toMatchObject({ type: "subscribed", event_id: "1" });
      const first = await commit("one");
      await push("alice/live", "HEAD:refs/heads/main");
      const updated = await client.until(({ event }) => event === "ref_updated");
      expect(updated).toEqual({
        type: "event",
        channel: "repo:alice/live",
        event: "ref_updated",
        data: {
          repo: "alice/live",
          ref: "refs/heads/main",
          old: "0".repeat(40),
          new: first,
          actor: "admin",
          door: "http",
        },
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
        event_id: expect.stringMatching(/^\d+$/) as string,
      });
      expect(client.events().map(({ event, event_id }) => [event, event_id])).toEqual([
        ["branch_created", "2"],
        ["push", "3"],
        ["ref_updated", "4"],
      ]);
      for (const { event, data } of client.events()) {
        expect(Value.Check(EVENT_DATA[event as RepositoryEventName], data)).toBe(true);
      }
      expect(client.events()[1]!.data).toMatchObject({
        commit_count: 1,
        commits: [{ id: first, message: "one\n", author: { name: "Jane Doe", email: "jane@example.com" } }],
      });
      await client.close();
    });

    test("finds everything once that happened while it, or the server, was away", async () => {
      await command("repo", "create", "alice/resumed");
      const channel = "repo:alice/resumed";
      const told: string[] = [];
      let client: LiveClient | undefined;
      const leave = async () => {
        told.push(...(client?.events(channel) ?? []).map(({ event_id }) => event_id!));
        await client?.close();
        client = undefined;
      };
      const comeBack = async () => {
        client = await LiveClient.connect(server.addresses["http"]!);
        expect(await client.subscribe(channel, told.at(-1) ?? "0")).toMatchObject({ type: "subscribed" });
      };
      for (let round = 0; round < 9; round++) {
        if (round % 3 !== 2) await comeBack();
        await commit(`round ${round}`);
        await push("alice/resumed", `HEAD:refs/heads/b${round % 4}`);
        // In the middle of what is being told.
        if (round % 3 === 0) await client?.until(({ event }) => event === "push");
        await leave();
        if (round % 4 === 3) {
          await server.kill();
          server = await start();
        }
      }
      await comeBack();
      const { stdout } = await command("events", "--json");
      const all = (stdout.trim().split("\n") as string[]).map((line) => JSON.parse(line) as LiveMessage);
      const expected = all.filter(({ data }) => data!["repo"] === "alice/resumed").map(({ event_id }) => event_id!);
      expect(expected.length).toBeGreaterThan(20);
      await client!.until(({ event_id, type }) => type === "event" && event_id === expected.at(-1));
      await leave();
      expect(told).toEqual(expected);
    });

    test("answers for what it may not read as for what is not there", async () => {
      await command("repo", "create", "alice/private", "--private");
      const stranger = await LiveClient.connect(server.addresses["http"]!);
      const hidden = await stranger.subscribe("repo:alice/private");
      const absent = await stranger.subscribe("repo:alice/absent");
      const same = (message: LiveMessage, name: string) =>
        JSON.stringify({ ...message, request_id: "" }).replaceAll(`alice/${name}`, "NAME");
      expect(same(hidden, "private")).toBe(same(absent, "absent"));
      expect(hidden).toMatchObject({ type: "error", code: "not_found", reason: "repository_not_found" });
      expect(await stranger.subscribe("admin")).toMatchObject({ type: "error", code: "permission_denied" });
      const admin = await LiveClient.connect(server.addresses["http"]!, TOKEN);
      expect(await admin.subscribe("repo:alice/private")).toMatchObject({ type: "subscribed" });
      expect(await admin.subscribe("admin")).toMatchObject({ type: "subscribed" });
      await Promise.all([stranger.close(), admin.close()]);
    });

    test("is let go when its token is revoked, and administrators hear of all of it", async () => {
      const control = new ControlClient(server.data);
      await control.call("createUser", { name: "carol" });
      const { token, id } = await control.call<{ token: string; id: number }>("createToken", {
        user: "carol",
        name: "t",
      });
      const admin = await LiveClient.connect(server.addresses["http"]!, TOKEN);
      await admin.subscribe("admin");
      const carol = await LiveClient.connect(server.addresses["http"]!, token);
      await carol.subscribe("events");
      await control.call("revokeToken", { user: "carol", token: String(id) });
      expect(await carol.closed).toMatchObject({ code: 4401 });
      await admin.until(({ event }) => event === "token_revoked");
      await expect(LiveClient.connect(server.addresses["http"]!, token)).rejects.toThrow();
      const { stdout } = await command("events", "--admin");
      for (const name of ["user_created", "token_created", "token_revoked"]) expect(stdout).toContain(` ${name} `);
      expect(stdout).not.toContain(token);
      expect((await command("events")).stdout).not.toContain("token_");
      await admin.close();
    });

    test("hears of a repository that a push has made, and of its branch", async () => {
      const client = await LiveClient.connect(server.addresses["http"]!);
      await client.subscribe("events");
      await commit("first of its kind");
      await push("admin/made", "HEAD:refs/heads/main");
      await client.until(({ event }) => event === "ref_updated");
      expect(client.events().map(({ event, data }) => `${event} ${data!["repo"] as string}`)).toEqual([
        "repository_created admin/made",
        "branch_created admin/made",
        "push admin/made",
        "ref_updated admin/made",
      ]);
      await client.close();
    });

    test("that does not read keeps nobody else waiting", async () => {
      await command("repo", "create", "alice/busy");
      const { hostname, port } = new URL(server.addresses["http"]!);
      const stuck = await stuckSubscriber(hostname, Number(port), "repo:alice/busy");
      const client = await LiveClient.connect(server.addresses["http"]!);
      await client.subscribe("repo:alice/busy");
      const tip = await commit("many");
      const names = Array.from({ length: 2000 }, (_, n) => `refs/tags/${"long-name-".repeat(15)}${n}`);
      await runGit(work, ["update-ref", "--stdin"], { input: names.map((name) => `create ${name} ${tip}\n`).join("") });
      await push("alice/busy", "refs/tags/*:refs/tags/*");
      // References are pushed in the order of their names.
      const last = names.toSorted().at(-1);
      await client.until(({ event, data }) => event === "ref_updated" && data!["ref"] === last);
      expect(client.events()).toHaveLength(6000);
      const ids = client.events().map(({ event_id }) => Number(event_id));
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      stuck.destroy();
      await client.close();
    }, 30_000);

    test("is told goodbye when the server stops", async () => {
      const client = await LiveClient.connect(server.addresses["http"]!);
      await client.subscribe("events");
      expect(await server.stop()).toBe(0);
      expect(await client.closed).toMatchObject({ code: 1001 });
      server = await start();
    });
  });
});

/** Somebody who subscribes and never reads. */
async function stuckSubscriber(host: string, port: number, channel: string): Promise<Socket> {
  const socket = connect(port, host);
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  const key = Buffer.alloc(16, 1).toString("base64");
  const lines = [
    "GET /ws HTTP/1.1",
    `Host: ${host}:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  const text = Buffer.from(JSON.stringify({ type: "subscribe", channel }));
  // RFC 6455, 5.2: a final text frame, masked with zeros.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  socket.pause();
  return socket;
}
