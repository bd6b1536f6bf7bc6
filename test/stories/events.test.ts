import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LiveClient } from "../support/live-client.ts";
import { holdfast, startServer, type RunningServer } from "../support/running-server.ts";
import { runGit } from "../support/temporary-repository.ts";

const place = mkdtempSync(join(tmpdir(), "holdfast-events-"));
let server: RunningServer;
let work: string;

const TOKEN = "holdfast-story-token-of-the-administrator";
const AUTHOR = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com"];

beforeAll(async () => {
  server = await startServer({ data: join(place, "data"), env: { HOLDFAST_ADMIN_TOKEN: TOKEN } });
  work = join(place, "work");
  await runGit(place, ["init", "-q", "-b", "main", work]);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
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
    expect(client.events()[1]!.data).toMatchObject({
      commit_count: 1,
      commits: [{ id: first, message: "one\n", author: { name: "Jane Doe", email: "jane@example.com" } }],
    });
    await client.close();
  });
});
