// Worktree sessions over HTTP, through a real server that is killed.
import { describe, expect, test } from "bun:test";
import { existsSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { startServer, type RunningServer } from "../support/running-server.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const TOKEN = "story-admin-token";
const DELAY_MS = 1000;
/** The longest that an automatic commit may take on a machine that does other things. */
const PATIENCE_MS = 60_000;
const ENV = { HOLDFAST_ADMIN_TOKEN: TOKEN, HOLDFAST_SESSION_AUTOCOMMIT_MS: String(DELAY_MS) };

async function call(server: RunningServer, method: string, path: string, body?: unknown) {
  const response = await fetch(`${server.addresses["http"]}${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > endsAtMs) throw new Error("it did not come about in time");
    await Bun.sleep(50);
  }
}

describe("a session over HTTP", () => {
  test("the routes of the contract", async () => {
    await using server = await startServer({ env: { ...ENV, HOLDFAST_SESSION_AUTOCOMMIT_MS: "600000" } });
    const base = "/v1/repos/alice%2Fdemo";
    expect((await call(server, "POST", "/api/repos", { owner: "alice", name: "demo" })).status).toBe(201);
    const opened = await call(server, "POST", `${base}/sessions`, { branch: "main" });
    expect(opened).toMatchObject({ status: 201, body: { branch: "main", head: null, state: "open" } });
    const session = `${base}/sessions/${String(opened.body["id"])}`;
    const file = { path: "a.txt", content: "hello\n", encoding: "utf-8" };
    expect((await call(server, "PUT", `${session}/files`, file)).status).toBe(200);
    expect(await call(server, "GET", `${session}/files?path=a.txt`)).toMatchObject({
      status: 200,
      body: { ...file, mode: "100644", size: 6 },
    });
    expect(await call(server, "GET", `${session}/status`)).toMatchObject({
      status: 200,
      body: { clean: false, items: [{ path: "a.txt", index: "untracked", worktree: "untracked" }] },
    });
    const committed = await call(server, "POST", `${session}/commit`, { message: "first" });
    expect(committed).toMatchObject({ status: 200, body: { parent: null } });
    const pushed = await call(server, "POST", `${session}/push`, {});
    expect(pushed).toMatchObject({ status: 200, body: { branch: "main", old: null, new: committed.body["commit"] } });
    expect(await call(server, "GET", session)).toMatchObject({
      body: { expires_at: expect.any(String), dirty: false, push: true, default: false },
    });
    expect((await call(server, "PUT", `${session}/files`, { ...file, path: "../x" })).status).toBe(422);
    expect((await call(server, "DELETE", `${session}/files?path=a.txt`)).status).toBe(204);
    expect((await call(server, "DELETE", session)).status).toBe(200);
    expect((await call(server, "GET", session)).status).toBe(404);
    const anonymous = await fetch(`${server.addresses["http"]}${base}/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(anonymous.status).toBe(401);
    const repository = TemporaryRepository.at(`${server.storage}/alice/demo.git`);
    expect(await repository.text(["show", "main:a.txt"])).toBe("hello");
  }, 120_000);

  test("a power cut right after a session was opened deletes nothing: what the disk lost is there again, before anything is committed", async () => {
    await using first = await startServer({ env: ENV });
    await call(first, "POST", "/api/repos", { owner: "alice", name: "demo" });
    const repository = TemporaryRepository.at(`${first.storage}/alice/demo.git`);
    const names = Array.from({ length: 40 }, (_, n) => `dir${n % 4}/f${n}`);
    await repository.commit({ files: Object.fromEntries(names.map((name) => [name, `${name}\n`])) });
    const opened = await call(first, "POST", "/v1/repos/alice%2Fdemo/sessions", { branch: "main", checkout: "full" });
    const directory = `${first.data}/sessions/${String(opened.body["id"])}`;
    await until(async () => !existsSync(`${directory}/unflushed`));
    await first.kill();
    // As if the power had gone before: in another run of the machine, with what the disk had of the files.
    rmSync(`${directory}/worktree/dir0`, { recursive: true });
    for (const name of names.filter((name) => name.startsWith("dir1"))) truncateSync(`${directory}/worktree/${name}`);
    writeFileSync(`${directory}/unflushed`, `${Date.now()} another\n`);
    await using second = await startServer({ env: ENV, data: first.data });
    const session = `/v1/repos/alice%2Fdemo/sessions/${String(opened.body["id"])}`;
    expect((await call(second, "GET", `${session}/files?path=dir0/f0`)).body["content"]).toBe("dir0/f0\n");
    expect((await call(second, "GET", `${session}/status`)).body).toMatchObject({ clean: true });
    expect(existsSync(`${directory}/unflushed`)).toBe(false);
    const file = { path: "dir1/f1", content: "typed\n", encoding: "utf-8" };
    expect((await call(second, "PUT", `${session}/files`, file)).status).toBe(200);
    await until(async () => (await repository.text(["log", "-1", "--format=%s", "main"])) === "automatic commit");
    expect(await repository.text(["diff", "--name-status", "main~1", "main"])).toBe("M\tdir1/f1");
  }, 120_000);

  test("kill -9 in the middle of writes loses nothing that was answered; the automatic commit comes after the restart", async () => {
    await using first = await startServer({ env: ENV });
    await call(first, "POST", "/api/repos", { owner: "alice", name: "demo" });
    const opened = await call(first, "POST", "/v1/repos/alice%2Fdemo/sessions", { branch: "main" });
    const files = `/v1/repos/alice%2Fdemo/sessions/${String(opened.body["id"])}/files`;
    const answered = new Map<string, string>();
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const writer = async (name: string) => {
      for (let turn = 0; ; turn++) {
        const [path, content] = [`${name}/${turn % 7}.txt`, `${name} ${turn}\n`];
        const answer = await call(first, "PUT", files, { path, content }).catch(() => undefined);
        if (answer === undefined) return;
        expect(answer.status).toBe(200);
        answered.set(path, content);
        if (answered.size >= 20 && turn > 20) resolve();
      }
    };
    const writers = Promise.all(["one", "two", "three"].map(writer));
    await enough;
    await first.kill();
    await writers;
    await using second = await startServer({ env: ENV, data: first.data });
    const repository = TemporaryRepository.at(`${second.storage}/alice/demo.git`);
    const session = files.replace(/\/files$/, "");
    await until(async () => (await call(second, "GET", session)).body["dirty"] === false);
    await until(async () => (await call(second, "GET", session)).body["base"] !== null);
    for (const [path, content] of answered) {
      // What was on its way may have arrived.
      const [, name, turn] = /^(\w+) (\d+)\n$/.exec(content) ?? [];
      const next = `${name} ${Number(turn) + 7}\n`;
      expect([content, next]).toContain((await repository.git(["show", `main:${path}`])).toString());
    }
    expect(await repository.text(["log", "-1", "--format=%s", "main"])).toBe("automatic commit");
    await repository.git(["fsck", "--strict"]);
    const worktree = TemporaryRepository.at(`${second.data}/sessions/${String(opened.body["id"])}/worktree`);
    expect(await worktree.text(["status", "--porcelain"])).toBe("");
    await worktree.git(["fsck"]);
  }, 120_000);
});
