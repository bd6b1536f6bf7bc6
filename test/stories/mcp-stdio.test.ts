// `holdfast mcp` as clients start it: a process that speaks on standard input and output.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { withRuntime } from "../../scripts/runtime.mjs";
import { cleanEnvironment, COMMAND, startServer } from "../support/running-server.ts";

const ADMIN = "story-admin-token";
const REPO = "alice/demo";

type Result = Record<string, unknown>;

interface Start {
  readonly data: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly isOld?: boolean;
}

/** Starts `holdfast mcp` and speaks with it. */
async function start({ data, args = [], env = {}, isOld = false }: Start): Promise<Client> {
  const client = new Client({ name: "story", version: "0" }, isOld ? {} : { versionNegotiation: { mode: "auto" } });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [COMMAND, "mcp", ...args],
    env: withRuntime({ ...cleanEnvironment(), HOLDFAST_DATA: data, ...env }) as Record<string, string>,
    stderr: "pipe",
  });
  await client.connect(transport);
  return client;
}

async function call(client: Client, name: string, args: Result = {}): Promise<Result> {
  const { structuredContent, isError } = await client.callTool({ name, arguments: args });
  expect([name, isError ?? false, structuredContent]).toEqual([name, false, structuredContent]);
  return structuredContent as Result;
}

/** Gives lines to `holdfast mcp`, and what it prints. */
async function pipe(data: string, lines: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([process.execPath, COMMAND, "mcp"], {
    env: withRuntime({ ...cleanEnvironment(), HOLDFAST_DATA: data, ...env }),
    stdin: Buffer.from(lines.map((line) => `${line}\n`).join("")),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return {
    messages: out
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Result),
    err,
    code,
  };
}

function temporary(): { readonly data: string } & Disposable {
  const place = mkdtempSync(join(tmpdir(), "holdfast-mcp-"));
  return { data: join(place, "data"), [Symbol.dispose]: () => rmSync(place, { recursive: true, force: true }) };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const initialize = (id: number) =>
  JSON.stringify({
    jsonrpc: "2.0",
    id,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "by hand", version: "0" } },
  });

describe("holdfast mcp", () => {
  for (const isOld of [true, false])
    test(`without a server starts one, for clients of ${isOld ? 2025 : 2026}; what happens is told`, async () => {
      using place = temporary();
      const client = await start({ ...place, args: ["--toolsets", "default,repositories,files"], isOld });
      expect(await call(client, "who_am_i")).toMatchObject({ kind: "control", is_admin: true });
      await call(client, "create_repository", { repo: REPO });
      await call(client, "put_file", { repo: REPO, path: "ä.txt", content: "a\n", branch: "main", message: "Begin" });
      const uri = "holdfast://alice%2Fdemo/main/%C3%A4.txt";
      expect((await client.readResource({ uri })).contents).toMatchObject([{ text: "a\n" }]);
      const heard = new Promise((resolve) =>
        client.setNotificationHandler("notifications/resources/updated", ({ params }) => resolve(params.uri)),
      );
      if (isOld) await client.subscribeResource({ uri });
      else await client.listen({ resourceSubscriptions: [uri] });
      const { id: session } = await call(client, "open_session", { repo: REPO, branch: "main" });
      const content = "line\n".repeat(100_000);
      await call(client, "write_worktree_file", { repo: REPO, session, path: "large.txt", content });
      await call(client, "commit_worktree", { repo: REPO, session, all: true, message: "Large" });
      await call(client, "push_session", { repo: REPO, session });
      expect(await heard).toBe(uri);
      await client.close();
      // The next one goes on with what is there.
      const next = await start({ ...place, isOld });
      expect(await call(next, "list_sessions", { repo: REPO })).toMatchObject({ items: [{ id: session }] });
      await next.close();
      expect(existsSync(join(place.data, "control.sock"))).toBe(false);
    }, 120_000);

  test("speaks with the server that runs, as whoever its token says", async () => {
    await using server = await startServer({ env: { HOLDFAST_ADMIN_TOKEN: ADMIN } });
    const owner = await start({ data: server.data, args: ["--toolsets", "all"] });
    await call(owner, "create_user", { name: "alice" });
    await call(owner, "create_repository", { repo: REPO });
    const { token } = await call(owner, "create_token", { user: "alice", name: "agent", access: "read" });
    const alice = await start({ data: server.data, env: { HOLDFAST_TOKEN: token as string } });
    expect(await call(alice, "who_am_i")).toMatchObject({ kind: "user", name: "alice", token: { access: "read" } });
    const names = (await alice.listTools()).tools.map(({ name }) => name);
    expect(names).toContain("get_blob");
    expect(names).not.toContain("open_session");
    const url = server.addresses["http"]!;
    const remote = await start({ data: "/nowhere", args: ["--url", url, "--token", token as string] });
    expect(await call(remote, "who_am_i")).toMatchObject({ name: "alice" });
    // Two on one directory: the server is the same.
    expect(await call(owner, "browse_repositories")).toEqual(await call(alice, "browse_repositories"));
    await Promise.all([owner.close(), alice.close(), remote.close()]);
  }, 120_000);

  test("started twice at once without a server, one of them serves both; a signal ends it in order", async () => {
    using place = temporary();
    const started = await Promise.all([start(place), start({ ...place, isOld: true })]);
    const [one, two] = started as [Client, Client];
    await call(one, "create_repository", { repo: REPO });
    expect(await call(two, "browse_repositories")).toMatchObject({ items: [{ full_name: REPO }] });
    const pids = started.map(({ transport }) => (transport as StdioClientTransport).pid!);
    // Whichever it was that served: the other one goes on by itself.
    process.kill(pids[0]!, "SIGTERM");
    while (isRunning(pids[0]!)) await Bun.sleep(10);
    expect(await call(two, "browse_repositories")).toMatchObject({ items: [{ full_name: REPO }] });
    await two.close();
    expect(existsSync(join(place.data, "control.sock"))).toBe(false);
  }, 120_000);

  test("says nothing but messages on standard output, whatever it is given", async () => {
    using place = temporary();
    const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "who_am_i" } };
    const lines = [
      initialize(1),
      "nonsense",
      "",
      "[",
      "null",
      JSON.stringify(call),
      JSON.stringify({ ...call, id: 3, method: "no" }),
    ];
    const { messages, err, code } = await pipe(place.data, lines, { HOLDFAST_LOG_LEVEL: "trace" });
    expect(code).toBe(0);
    expect(err).not.toContain("jsonrpc");
    const byId = new Map(messages.map((message) => [message["id"], message]));
    expect(byId.get(1)).toMatchObject({ result: { serverInfo: { name: "holdfast" } } });
    expect(byId.get(2)).toMatchObject({ result: { structuredContent: { kind: "control" } } });
    expect(byId.get(3)).toMatchObject({ error: { code: -32601 } });
    expect(messages.filter(({ id }) => id === null)).toHaveLength(3);
  }, 120_000);

  test("a token that is no good is an answer, and so is a server that is not there", async () => {
    using place = temporary();
    const wrong = await pipe(place.data, [initialize(1)], { HOLDFAST_TOKEN: "wrong" });
    expect(wrong.messages).toMatchObject([{ id: 1, error: { data: { reason: "unauthenticated" } } }]);
    const nobody = await pipe(place.data, [initialize(7)], { HOLDFAST_URL: "http://127.0.0.1:9" });
    expect(nobody.messages).toMatchObject([{ id: 7, error: { code: -32000 } }]);
    expect(nobody.code).toBe(0);
  }, 120_000);
});
