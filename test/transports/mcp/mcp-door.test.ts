// The door as clients meet it: who is told of what, what is refused and how, and long results.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Client } from "@modelcontextprotocol/client";
import { EXAMPLE_TOKEN, ExampleWorld } from "../../support/example-world.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { listenMcp, type McpListener } from "./mcp-listener.ts";

const REPOSITORY = "alice/demo";
const BIG = Array.from(
  { length: 12_000 },
  (_, at) => `line ${at} of a file that is longer than a result may be\n`,
).join("");

type Result = Record<string, unknown>;

let world: ExampleWorld;
let listener: McpListener;
let admin: Client;

beforeAll(async () => {
  world = await ExampleWorld.open("libgit2");
  listener = listenMcp(world.test.engine, world.test.authenticator);
  admin = await listener.connect({ token: EXAMPLE_TOKEN, toolsets: "all" });
  await ok(admin, "create_repository", { repo: REPOSITORY });
  await ok(admin, "put_file", { repo: REPOSITORY, path: "big.txt", content: BIG, branch: "main", message: "Begin" });
});
afterAll(async () => {
  expect(listener.bugs).toEqual([]);
  await listener.close();
  await world.close();
});

async function ok(client: Client, name: string, args: Result): Promise<Result> {
  const { structuredContent, isError } = await client.callTool({ name, arguments: args });
  expect([name, isError ?? false, structuredContent]).toEqual([name, false, structuredContent]);
  return structuredContent as Result;
}

async function refused(client: Client, name: string, args: Result): Promise<Result> {
  const { structuredContent, isError, content } = await client.callTool({ name, arguments: args });
  expect(isError).toBe(true);
  expect(JSON.parse((content[0] as { text: string }).text)).toEqual(structuredContent);
  return structuredContent as Result;
}

/** A token of a new user. */
async function tokenOf(name: string, more: Result = {}): Promise<string> {
  await ok(admin, "create_user", { name });
  return (await ok(admin, "create_token", { user: name, name: "agent", ...more }))["token"] as string;
}

const namesFor = async (client: Client): Promise<string[]> => (await client.listTools()).tools.map(({ name }) => name);

/** Sends a message by hand. */
function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(listener.address, {
    method: "POST",
    headers: {
      authorization: `Bearer ${EXAMPLE_TOKEN}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const callOf = (name: unknown, args?: unknown) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: args },
});

describe("a caller is told of the tools that he may use", () => {
  test("administrators of all", async () => {
    const names = await namesFor(admin);
    expect(names).toContain("switch_backend");
    expect(names).toContain("create_token");
  });

  test("users of all but those for administrators", async () => {
    const client = await listener.connect({ token: await tokenOf("bob"), toolsets: "all" });
    const names = await namesFor(client);
    expect(names).toContain("write_worktree_file");
    expect(names).toContain("create_token");
    expect(names).not.toContain("switch_backend");
    expect(names).not.toContain("create_user");
  });

  test("read-only tokens of none that write", async () => {
    const client = await listener.connect({ token: await tokenOf("carol", { access: "read" }), toolsets: "all" });
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThan(30);
    expect(tools.filter(({ annotations }) => annotations?.readOnlyHint !== true).map(({ name }) => name)).toEqual([]);
    const error = await refused(client, "put_file", {
      repo: REPOSITORY,
      path: "x",
      content: "",
      branch: "main",
      message: "",
    });
    expect(error).toMatchObject({ reason: "forbidden", retry: "never" });
  });

  test("callers without credentials of none that need them", async () => {
    const client = await listener.connect({ toolsets: "all" });
    const names = await namesFor(client);
    expect(names).toContain("get_blob");
    expect(names.filter((name) => /session|worktree|token|user|put_file/.test(name))).toEqual([]);
    const error = await refused(client, "open_session", { repo: REPOSITORY });
    expect(error).toMatchObject({ reason: "unauthenticated" });
    expect(error["next_step"]).toContain("token");
  });
});

describe("toolsets", () => {
  test("are few unless others are asked for, by header or address", async () => {
    const few = await namesFor(await listener.connect({ token: EXAMPLE_TOKEN }));
    expect(few).toContain("open_session");
    expect(few).not.toContain("blame_file");
    expect(await namesFor(await listener.connect({ token: EXAMPLE_TOKEN, toolsets: "history" }))).toContain(
      "blame_file",
    );
    const response = await fetch(`${listener.address}?toolsets=stashes`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${EXAMPLE_TOKEN}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    const text = await response.text();
    expect(text).toContain("save_stash");
    expect(text).not.toContain("open_session");
  });

  test("that are not there are refused, with the nearest one", async () => {
    const response = await post({ jsonrpc: "2.0", id: 1, method: "tools/list" }, { "holdfast-toolsets": "histroy" });
    expect([response.status, await response.text()]).toEqual([422, expect.stringContaining("did you mean history?")]);
  });

  test("leave out nothing that a client knows by name", async () => {
    const client = await listener.connect({ token: EXAMPLE_TOKEN });
    expect(await ok(client, "is_ancestor", { repo: REPOSITORY, ancestor: "main", descendant: "main" })).toBeDefined();
  });
});

describe("what is wrong with a call", () => {
  test("a tool that is not there is an error of the protocol, with the nearest one", async () => {
    await expect(admin.callTool({ name: "get_blobb", arguments: {} })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("did you mean get_blob?") as string,
    });
  });

  test("an argument that is not known is named, with the nearest one", async () => {
    const error = await refused(admin, "get_blob", { repo: REPOSITORY, path: "a", revv: "main" });
    expect(error).toMatchObject({
      reason: "invalid_input",
      details: { field: "revv", problem: 'is not known; did you mean "rev"?' },
    });
  });

  const WRONG: readonly [string, Result, string][] = [
    ["get_blob", { repo: 1, path: "a" }, "repo"],
    ["get_blob", { repo: REPOSITORY }, "path"],
    ["get_blob", { repo: REPOSITORY, path: ["a"] }, "path"],
    ["get_blob", { repo: REPOSITORY, path: "big.txt", first_line: 0 }, "first_line"],
    ["get_blob", { repo: REPOSITORY, path: "big.txt", first_line: 5, last_line: 4 }, "last_line"],
    ["get_blob", { repo: REPOSITORY, path: "big.txt", first_line: 1e9 }, "first_line"],
    ["browse_repositories", { limit: "ten" }, "limit"],
    ["show_diff", { repo: REPOSITORY, from: "main", to: "main", paths: "a" }, "paths"],
    ["create_commit", { repo: REPOSITORY, branch: "main", message: "m", actions: [{ action: "nothing" }] }, "actions"],
    ["get_blob", { repo: "../../etc", path: "passwd" }, "repo"],
  ];
  for (const [name, args, field] of WRONG)
    test(`${name} ${JSON.stringify(args)}: ${field}`, async () => {
      const error = await refused(admin, name, args);
      expect(error).toMatchObject({ reason: "invalid_input", code: "invalid_argument" });
      expect((error["details"] as { field: string }).field).toStartWith(field);
    });

  test("paths lead nowhere else", async () => {
    for (const path of ["../../../etc/passwd", "/etc/passwd", "a/../../b", ".git/config"]) {
      const error = await refused(admin, "get_blob", { repo: REPOSITORY, path });
      expect(["path_not_found", "invalid_path"]).toContain(error["reason"] as string);
    }
    const session = await ok(admin, "open_session", { repo: REPOSITORY });
    for (const path of ["../x", "/etc/x", ".git/config", "a/../../b"]) {
      const args = { repo: REPOSITORY, session: session["id"], path, content: "x" };
      expect((await refused(admin, "write_worktree_file", args))["reason"]).toBe("invalid_path");
    }
  });

  test("a session that is not there says where to find one", async () => {
    const error = await refused(admin, "worktree_status", { repo: REPOSITORY, session: "0".repeat(24) });
    expect(error).toMatchObject({ reason: "session_not_found", retry: "never" });
    expect(error["next_step"]).toContain("open_session");
  });

  test("a cursor of something else is refused", async () => {
    for (const cursor of ["nonsense", "cut.nonsense", "cut.W10"]) {
      const error = await refused(admin, "get_blob", { repo: REPOSITORY, path: "big.txt", cursor });
      expect(error["reason"]).toBe("page_token_not_found");
    }
  });
});

describe("what is no call", () => {
  test("a message that is too large is refused before it is read", async () => {
    const response = await post(callOf("put_file", { content: "x".repeat(50 * 1024 * 1024) }));
    const { error } = (await response.json()) as { error: Result };
    expect(response.status).toBe(413);
    expect(error["data"]).toMatchObject({
      reason: "too_large",
      details: { what: "body", limit_bytes: 8 * 1024 * 1024 },
    });
  });

  test("a message that is no JSON", async () => {
    for (const body of ["", "{", '"\\ud800"', "[]]"]) {
      const response = await post(body);
      expect([body, response.status]).toEqual([body, 400]);
      expect(await response.json()).toMatchObject({ error: { code: -32700 } });
    }
  });

  test("JSON that is no message", async () => {
    for (const body of [null, 1, "text", [], {}, { jsonrpc: "1.0", id: 1, method: "ping" }]) {
      const response = await post(body);
      expect([body, response.status >= 400]).toEqual([body, true]);
      expect(await response.text()).toContain("error");
    }
  });

  test("a session that has no id, or a wrong one", async () => {
    const params = { uri: "holdfast://alice%2Fdemo/main/README.md" };
    const message = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "resources/subscribe", params });
    const unnamed = await (await post(message)).text();
    expect(JSON.parse(unnamed.replace(/^event: message\ndata: /, ""))).toMatchObject({
      id: 1,
      error: { code: -32600 },
    });
    const wrong = await post(message, { "mcp-session-id": "a b" });
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { code: -32600 } }]);
  });

  test("another media type", async () => expect((await post("{}", { "content-type": "text/plain" })).status).toBe(415));

  test("a batch that is too long", async () => {
    const batch = Array.from({ length: 40 }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" }));
    expect((await post(batch)).status).toBe(400);
    const few = await post(batch.slice(0, 3), { "mcp-protocol-version": "2025-03-26" });
    expect(few.status).toBe(200);
    expect((await few.text()).match(/"result"/g)).toHaveLength(3);
  });

  test("a batch of large calls is no way round the limits", async () => {
    const batch = Array.from({ length: 10 }, (_, id) => ({
      ...callOf("get_blob", { repo: REPOSITORY, path: "big.txt" }),
      id,
    }));
    const text = await (await post(batch, { "mcp-protocol-version": "2025-03-26" })).text();
    expect(text.match(/next_cursor/g)!.length).toBeGreaterThanOrEqual(10);
    expect(text.length).toBeLessThan(10 * 2.2 * 100 * 1024);
  });

  test("other methods, without a session", async () => {
    for (const method of ["GET", "DELETE", "PUT"]) {
      const response = await fetch(listener.address, { method, headers: { authorization: `Bearer ${EXAMPLE_TOKEN}` } });
      expect([method, response.status, response.headers.get("allow")]).toEqual([method, 405, "POST, OPTIONS"]);
    }
    const options = await fetch(listener.address, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
  });

  test("web pages of other origins, and names that are none of ours", async () => {
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    expect((await post(ping, { origin: "https://evil.example" })).status).toBe(403);
    expect((await post(ping, { host: "evil.example" })).status).toBe(403);
  });

  test("a token that is no good: where to read what is asked for", async () => {
    const response = await post({ jsonrpc: "2.0", id: 1, method: "ping" }, { authorization: "Bearer wrong" });
    expect(response.status).toBe(401);
    const origin = new URL(listener.address).origin;
    const address = `${origin}/.well-known/oauth-protected-resource/mcp`;
    expect(response.headers.get("www-authenticate")).toBe(`Bearer realm="Holdfast", resource_metadata="${address}"`);
    for (const path of [address, `${origin}/.well-known/oauth-protected-resource`]) {
      const metadata = await fetch(path);
      expect([metadata.status, await metadata.json()]).toEqual([
        200,
        expect.objectContaining({ resource: listener.address, bearer_methods_supported: ["header"] }),
      ]);
    }
  });
});

test("without a token nobody gets further than to be told so, where nothing is open to him", async () => {
  const hello = { jsonrpc: "2.0", id: 1, method: "initialize", params: {} };
  const ask = (method: string) =>
    fetch(listener.address, {
      method,
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      ...(method === "POST" && { body: JSON.stringify(hello) }),
    });
  expect((await ask("POST")).status).not.toBe(401);
  await ok(admin, "change_setting", { anon_access: "no-access" });
  try {
    for (const method of ["POST", "GET"]) {
      const refused = await ask(method);
      expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
        401,
        expect.stringContaining("/.well-known/oauth-protected-resource/mcp"),
      ]);
      expect(await refused.json()).toMatchObject({ error: { data: { reason: "unauthenticated" } } });
    }
    expect((await post(hello)).status).not.toBe(401);
  } finally {
    await ok(admin, "change_setting", { anon_access: "read-only" });
  }
});

describe("long results", () => {
  test("come in parts, each within the budget", async () => {
    let content = "";
    let calls = 0;
    for (let cursor: unknown = undefined; cursor !== null; calls++) {
      const args = { repo: REPOSITORY, path: "big.txt", ...(cursor !== undefined && { cursor }) };
      const part = await ok(admin, "get_blob", args);
      expect(JSON.stringify(part).length).toBeLessThanOrEqual(100 * 1024);
      content += String(part["content"]);
      cursor = part["next_cursor"];
    }
    expect(calls).toBeGreaterThan(3);
    expect(content).toBe(BIG);
  });

  test("are refused before they are read where they are far too long, and say how else to get at them", async () => {
    const git = TemporaryRepository.at(world.test.pathOf({ storage: "default", relativePath: `${REPOSITORY}.git` }));
    const actions = { files: { "huge.txt": "x".repeat(17 * 1024 * 1024) }, message: "Huge", branch: "huge" };
    await git.commit(actions);
    const error = await refused(admin, "get_blob", { repo: REPOSITORY, rev: "huge", path: "huge.txt" });
    expect(error).toMatchObject({ reason: "too_large", details: { what: "content", limit_bytes: 16 * 1024 * 1024 } });
    expect(error["next_step"]).toContain("ranges over REST");
  });

  test("come by lines where they are asked for", async () => {
    const args = { repo: REPOSITORY, path: "big.txt", first_line: 3, last_line: 4 };
    expect((await ok(admin, "get_blob", args))["content"]).toBe(
      BIG.split(/(?<=\n)/)
        .slice(2, 4)
        .join(""),
    );
  });

  test("are text of its own for the model", async () => {
    const args = { repo: REPOSITORY, path: "big.txt", last_line: 2 };
    const { content } = await admin.callTool({ name: "get_blob", arguments: args });
    expect(content.map((part) => (part as { text: string }).text)[1]).toBe(
      BIG.split(/(?<=\n)/)
        .slice(0, 2)
        .join(""),
    );
  });

  test("of pages go on with pages that stay what they were while the branch moves", async () => {
    const actions = Array.from({ length: 1500 }, (_, at) => ({
      action: "create",
      path: `many/${"n".repeat(80)}-${at}`,
      content: `${at}`,
    }));
    await ok(admin, "create_commit", { repo: REPOSITORY, branch: "main", message: "Many", actions });
    const first = await ok(admin, "list_files", { repo: REPOSITORY, path: "many" });
    await ok(admin, "put_file", { repo: REPOSITORY, path: "many/0", content: "", branch: "main", message: "One more" });
    const items = [...(first["items"] as Result[])];
    for (let cursor = first["next_cursor"]; cursor !== null;) {
      const next = await ok(admin, "list_files", { repo: REPOSITORY, path: "many", cursor });
      items.push(...(next["items"] as Result[]));
      cursor = next["next_cursor"];
    }
    expect(items.map(({ path }) => path)).toHaveLength(1500);
  });

  test("of diffs are paged", async () => {
    let hunks = "";
    for (let cursor: unknown = undefined; cursor !== null;) {
      const args = {
        repo: REPOSITORY,
        from: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        to: "main",
        paths: ["big.txt"],
      };
      const part = await ok(admin, "show_diff", { ...args, ...(cursor !== undefined && { cursor }) });
      hunks += (part["files"] as { hunks: string }[]).map((file) => file.hunks).join("");
      cursor = part["next_cursor"] ?? null;
    }
    expect(hunks.match(/^\+/gm)).toHaveLength(12_000);
  });
});

describe("a write with a key", () => {
  test("happens once", async () => {
    const call = {
      name: "put_file",
      arguments: { repo: REPOSITORY, path: "once.txt", content: "1", branch: "main", message: "Once" },
      _meta: { "holdfast/idempotency_key": "once-and-for-all" },
    };
    const first = await admin.callTool(call);
    const second = await admin.callTool(call);
    expect(second.structuredContent).toEqual(first.structuredContent);
    expect(first._meta?.["holdfast/idempotent_replayed"]).toBeUndefined();
    expect(second._meta?.["holdfast/idempotent_replayed"]).toBe(true);
    const other = await admin.callTool({ ...call, arguments: { ...call.arguments, content: "2" } });
    expect(other.structuredContent).toMatchObject({ reason: "idempotency_key_reused" });
  });

  test("that is none does not happen", async () => {
    for (const key of [42, "", null, ["k"]]) {
      const path = "never.txt";
      const call = {
        name: "put_file",
        arguments: { repo: REPOSITORY, path, content: "1", branch: "main", message: "Never" },
        _meta: { "holdfast/idempotency_key": key },
      };
      const refused = await admin.callTool(call);
      expect(refused).toMatchObject({ isError: true, structuredContent: { reason: "malformed_request" } });
      const read = await admin.callTool({ name: "get_blob", arguments: { repo: REPOSITORY, path } });
      expect(read.structuredContent).toMatchObject({ reason: "path_not_found" });
    }
  });
});
