// Resources, their completion and what happens to them; prompts.
import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@modelcontextprotocol/client";
import { getFile } from "../../../src/operations/files/get-file.ts";
import { parseResourceUri, RESOURCE_TEMPLATE, resourceUri } from "../../../src/transports/api/mcp/resource-uri.ts";
import { LivePlaces } from "../../../src/transports/http/live-places.ts";
import { EXAMPLE_TOKEN, ExampleWorld } from "../../support/example-world.ts";
import { failureOf } from "../../support/failure-of.ts";
import { listenMcp, type McpListener } from "./mcp-listener.ts";

const REPOSITORY = "alice/demo";
const PLACES_MAX = 20;

let world: ExampleWorld;
let listener: McpListener;
let admin: Client;

beforeAll(async () => {
  world = await ExampleWorld.open("libgit2");
  const places = new LivePlaces({ perCallerMax: PLACES_MAX });
  listener = listenMcp(world.test.engine, world.test.authenticator, { toolsets: "all", places });
  admin = await listener.connect({ token: EXAMPLE_TOKEN });
  await call("create_repository", { repo: REPOSITORY, description: "For tests" });
  await call("create_repository", { repo: "alice/secret", private: true });
  await put("README.md", "# Demo\n");
  await put("docs/ä b.txt", "text\n");
  await put("image.png", Buffer.from([0x89, 0x50, 0xff]).toString("base64"), { encoding: "base64" });
  await put("side.txt", "side\n", { branch: "feature/one", from: "main" });
});
afterAll(async () => {
  expect(listener.bugs).toEqual([]);
  await listener.close();
  await world.close();
});

async function call(name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { structuredContent, isError } = await admin.callTool({ name, arguments: args });
  expect([name, isError ?? false, structuredContent]).toEqual([name, false, structuredContent]);
  return structuredContent as Record<string, unknown>;
}

const put = (path: string, content: string, more: Record<string, string> = {}) =>
  call("put_file", { repo: REPOSITORY, path, content, branch: "main", message: `Write ${path}`, ...more });

const uriOf = (path: string, rev = "main"): string => resourceUri({ repo: REPOSITORY, rev, path });

describe("a resource", () => {
  test("has an address in which names are escaped, and paths are not", () => {
    expect(uriOf("docs/ä b.txt", "feature/one")).toBe("holdfast://alice%2Fdemo/feature%2Fone/docs/%C3%A4%20b.txt");
    for (const address of [
      { repo: "alice/demo", rev: "feature/one", path: "a/b c?.txt" },
      { repo: "a", rev: "main~2", path: "" },
      { repo: "a/b/c", rev: "HEAD", path: "%2e/#" },
    ])
      expect(parseResourceUri(resourceUri(address))).toEqual(address);
  });

  test("is a file: text, or bytes", async () => {
    expect((await admin.readResource({ uri: uriOf("docs/ä b.txt") })).contents).toEqual([
      { uri: uriOf("docs/ä b.txt"), mimeType: "text/plain", text: "text\n" },
    ]);
    expect((await admin.readResource({ uri: uriOf("image.png") })).contents).toEqual([
      { uri: uriOf("image.png"), mimeType: "image/png", blob: "iVD/" },
    ]);
    expect((await admin.readResource({ uri: uriOf("side.txt", "feature/one") })).contents).toMatchObject([
      { text: "side\n" },
    ]);
  });

  test("is a folder as JSON, with the addresses of what is in it", async () => {
    for (const path of ["docs/", "docs"]) {
      const { contents } = await admin.readResource({ uri: uriOf(path) });
      const { entries } = JSON.parse((contents[0] as { text: string }).text) as { entries: unknown[] };
      expect(entries).toMatchObject([{ path: "docs/ä b.txt", type: "blob", uri: uriOf("docs/ä b.txt") }]);
    }
  });

  test("that is too large is refused before it is read", async () => {
    await put("large.txt", "x".repeat(2 ** 20), { branch: "large", from: "main" });
    await put("larger.txt", "x".repeat(2 ** 20 + 1), { branch: "large" });
    const read = spyOn(getFile, "run");
    try {
      const { contents } = await admin.readResource({ uri: uriOf("large.txt", "large") });
      expect((contents[0] as { text: string }).text).toHaveLength(2 ** 20);
      expect(read).toHaveBeenCalledTimes(1);
      const error = await failureOf(admin.readResource({ uri: uriOf("larger.txt", "large") }));
      const next = expect.stringContaining("get_blob") as string;
      expect(error).toMatchObject({
        data: { reason: "too_large", details: { limit_bytes: 2 ** 20 }, next_step: next },
      });
      expect(read).toHaveBeenCalledTimes(1);
    } finally {
      read.mockRestore();
    }
  });

  const NONE = [
    "holdfast://alice%2Fdemo",
    "holdfast://alice/demo",
    "https://example.com/a/b/c",
    "holdfast://%/main/a",
    "",
    "x",
    "holdfast://alice%2Fdemo/main/nothing",
    "holdfast://alice%2Fdemo/nothing/README.md",
    "holdfast://alice%2Fnothing/main/README.md",
    "holdfast://..%2F..%2Fetc/main/passwd",
    "holdfast://alice%2Fdemo/main/../../../etc/passwd",
    "holdfast://alice%2Fdemo/main/%00",
    "holdfast://alice%2Fdemo/--all/a",
  ];
  for (const uri of NONE)
    test(`that is none is refused: ${uri}`, async () => {
      const error = await failureOf(admin.readResource({ uri }));
      expect(error).toMatchObject({ code: -32602, data: { next_step: expect.any(String) as string } });
    });

  test("is listed for each repository that the caller may read, in pages", async () => {
    const { resources, nextCursor } = await admin.listResources();
    expect(resources).toContainEqual({
      uri: "holdfast://alice%2Fdemo/HEAD/",
      name: REPOSITORY,
      description: "For tests",
      mimeType: "application/json",
    });
    expect(nextCursor).toBeUndefined();
    const anybody = await listener.connect();
    expect((await anybody.listResources()).resources.map(({ name }) => name)).toEqual([REPOSITORY]);
    const error = await failureOf(anybody.readResource({ uri: "holdfast://alice%2Fsecret/HEAD/" }));
    expect(error).toMatchObject({ data: { reason: "repository_not_found" } });
  });

  test("has a template, whose variables are completed", async () => {
    const { resourceTemplates } = await admin.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([RESOURCE_TEMPLATE]);
    const values = async (client: Client, name: string, value: string, known: Record<string, string> = {}) => {
      const ref = { type: "ref/resource", uri: RESOURCE_TEMPLATE } as const;
      return (await client.complete({ ref, argument: { name, value }, context: { arguments: known } })).completion
        .values;
    };
    expect(await values(admin, "repo", "alice/")).toEqual([REPOSITORY, "alice/secret"]);
    expect(await values(admin, "repo", REPOSITORY)).toEqual([REPOSITORY]);
    expect(await values(await listener.connect(), "repo", "alice/")).toEqual([REPOSITORY]);
    expect(await values(admin, "rev", "fe", { repo: REPOSITORY })).toEqual(["feature/one"]);
    expect(await values(admin, "path", "d", { repo: REPOSITORY, rev: "main" })).toEqual(["docs/"]);
    expect(await values(admin, "path", "docs/", { repo: REPOSITORY })).toEqual(["docs/ä b.txt"]);
    expect(await values(admin, "path", "x", { repo: "alice/nothing" })).toEqual([]);
    expect(await values(admin, "path", "x")).toEqual([]);
  });

  test("is completed among many, and whatever others are called", async () => {
    const repo = "alice/many";
    await call("create_repository", { repo });
    const latin = { base64: Buffer.from("caf\xe9", "latin1").toString("base64") };
    const folder = { base64: Buffer.from("d\xff/x", "latin1").toString("base64") };
    const paths = [latin, folder, "zz/last.txt", ...Array.from({ length: 1200 }, (_, at) => `a${at}.txt`)];
    const actions = paths.map((path) => ({ action: "create", path, content: "x" }));
    const { commit } = await call("create_commit", { repo, branch: "main", message: "Begin", actions });
    const branches = ["zz/deep/last", "caf\xe9", ...Array.from({ length: 1200 }, (_, at) => `a/${at}`)];
    const packed = branches.toSorted().map((name) => `${String(commit)} refs/heads/${name}\n`);
    const place = world.test.pathOf({ storage: "default", relativePath: `${repo}.git` });
    writeFileSync(
      join(place, "packed-refs"),
      `# pack-refs with: peeled fully-peeled sorted \n${packed.join("")}`,
      "latin1",
    );
    const complete = async (name: string, value: string) => {
      const ref = { type: "ref/resource", uri: RESOURCE_TEMPLATE } as const;
      return (await admin.complete({ ref, argument: { name, value }, context: { arguments: { repo } } })).completion;
    };
    expect(await complete("path", "z")).toMatchObject({ values: ["zz/"], hasMore: false });
    expect((await complete("path", "")).values.filter((path) => !path.startsWith("a"))).toEqual([]);
    expect(await complete("rev", "z")).toMatchObject({ values: ["zz/deep/last"], hasMore: false });
    expect(await complete("rev", "zz/deep/la")).toMatchObject({ values: ["zz/deep/last"] });
    expect(await complete("rev", "c")).toMatchObject({ values: [] });
    expect(await complete("rev", "mai")).toMatchObject({ values: ["main"] });
    expect(await complete("rev", "")).toMatchObject({ hasMore: true });
    expect(await complete("rev", "[")).toMatchObject({ values: [] });
    expect((await complete("rev", "a/119")).values).toHaveLength(11);
  });
});

/** What a client is told of, as it comes. */
function heardBy(client: Client) {
  const heard: string[] = [];
  let next = Promise.withResolvers<void>();
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    heard.push(params.uri);
    next.resolve();
    next = Promise.withResolvers();
  });
  const until = async (count: number) => {
    while (heard.length < count) await next.promise;
    return heard;
  };
  return { heard, until };
}

describe("whoever follows resources", () => {
  test("hears when their revision moves, and of nothing else", async () => {
    const client = await listener.connect({ token: EXAMPLE_TOKEN });
    const { until } = heardBy(client);
    const uris = [uriOf("README.md"), uriOf("side.txt", "feature/one"), uriOf("README.md", "main~1")];
    const subscription = await client.listen({ resourceSubscriptions: uris });
    await put("side.txt", "other\n", { branch: "other", from: "main" });
    await put("side.txt", "more\n", { branch: "feature/one" });
    await put("README.md", "# More\n");
    expect(await until(3)).toEqual([uris[1]!, uris[0]!, uris[2]!]);
    await subscription.close();
  });

  test("hears it with the protocol of 2025 as well, until it is enough", async () => {
    const client = await listener.connect({ token: EXAMPLE_TOKEN, era: "2025" });
    const { heard, until } = heardBy(client);
    while (listener.streams.size === 0) await Bun.sleep(2);
    await client.subscribeResource({ uri: uriOf("README.md") });
    await client.subscribeResource({ uri: uriOf("a", "other") });
    await put("README.md", "# Again\n");
    await until(1);
    await client.unsubscribeResource({ uri: uriOf("README.md") });
    await put("README.md", "# Not told\n");
    await put("a", "told\n", { branch: "other" });
    await until(2);
    expect(heard).toEqual([uriOf("README.md"), uriOf("a", "other")]);
  });

  for (const era of ["2025", "2026"] as const)
    test(`hears that a repository has another name, with the protocol of ${era}`, async () => {
      await call("create_repository", { repo: `alice/old-${era}` });
      const client = await listener.connect({ token: EXAMPLE_TOKEN, era });
      const { until } = heardBy(client);
      const uri = resourceUri({ repo: `alice/old-${era}`, rev: "main", path: "README.md" });
      if (era === "2025") await client.subscribeResource({ uri });
      else await client.listen({ resourceSubscriptions: [uri] });
      await call("rename_repository", { repo: `alice/old-${era}`, new_repo: `alice/new-${era}` });
      expect(await until(1)).toEqual([uri]);
      await client.close();
    });

  test("is refused what he may not read, or what is no resource", async () => {
    const anybody = await listener.connect();
    const secret = resourceUri({ repo: "alice/secret", rev: "main", path: "a" });
    expect(await failureOf(anybody.listen({ resourceSubscriptions: [secret] }))).toMatchObject({
      message: expect.stringContaining("repository not found") as string,
    });
    expect(await failureOf(anybody.listen({ resourceSubscriptions: ["nonsense"] }))).toBeDefined();
    const many = Array.from({ length: 101 }, (_, at) => uriOf(`${at}`));
    expect(await failureOf(anybody.listen({ resourceSubscriptions: many }))).toMatchObject({
      message: expect.stringContaining("over a limit") as string,
    });
    const old = await listener.connect({ era: "2025" });
    expect(await failureOf(old.subscribeResource({ uri: secret }))).toMatchObject({
      data: { reason: "repository_not_found" },
    });
  });

  test("has a place for some streams, and 1,000 are refused; all are given back", async () => {
    const { token } = (await call("create_token", { user: "admin", name: "many" })) as { token: string };
    const client = await listener.connect({ token });
    const before = listener.streams.size;
    const opened = await Promise.allSettled(
      Array.from({ length: 1000 }, () => client.listen({ resourceSubscriptions: [uriOf("README.md")] })),
    );
    const open = opened.filter((each) => each.status === "fulfilled");
    expect(open.length).toBeGreaterThan(0);
    expect(open.length).toBeLessThanOrEqual(PLACES_MAX);
    expect(opened.find((each) => each.status === "rejected")).toMatchObject({
      reason: { message: expect.stringContaining("over a limit") as string },
    });
    await client.close();
    while (listener.streams.size > before) await Bun.sleep(2);
  });

  test("gives the memory of a large message back when he goes", async () => {
    const listen = {
      jsonrpc: "2.0",
      id: 1,
      method: "subscriptions/listen",
      params: {
        notifications: { resourceSubscriptions: [uriOf("README.md")] },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "test", version: "0" },
          "io.modelcontextprotocol/clientCapabilities": {},
          "test/padding": "x".repeat(7 * 1024 * 1024),
        },
      },
    };
    // All bodies together may take less than what five of these do.
    for (let count = 0; count < 5; count++) {
      const gone = new AbortController();
      const before = listener.streams.size;
      const response = await fetch(listener.address, {
        method: "POST",
        signal: gone.signal,
        headers: {
          authorization: `Bearer ${EXAMPLE_TOKEN}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "subscriptions/listen",
        },
        body: JSON.stringify(listen),
      });
      expect(response.status).toBe(200);
      const { value } = await response.body!.getReader().read();
      expect(Buffer.from(value!).toString()).toContain("notifications/subscriptions/acknowledged");
      gone.abort();
      while (listener.streams.size > before) await Bun.sleep(2);
    }
  });

  test("hears no more when the token is revoked", async () => {
    const { token, id } = (await call("create_token", { user: "admin", name: "short" })) as {
      token: string;
      id: number;
    };
    const client = await listener.connect({ token });
    const before = listener.streams.size;
    await client.listen({ resourceSubscriptions: [uriOf("README.md")] });
    expect(listener.streams.size).toBe(before + 1);
    await call("revoke_token", { token: String(id) });
    expect(listener.streams.size).toBe(before);
  });
});

describe("prompts", () => {
  const textOf = async (name: string, args: Record<string, string>): Promise<string> => {
    const { messages } = await admin.getPrompt({ name, arguments: args });
    return (messages[0]!.content as { text: string }).text;
  };

  test("are for review, change and release notes", async () => {
    const { prompts } = await admin.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(["review_changes", "make_change", "release_notes"]);
  });

  test("bring what they are about", async () => {
    const review = await textOf("review_changes", { repo: REPOSITORY, head: "feature/one", base: "main" });
    expect(review).toContain("Write side.txt");
    expect(review).toContain("+more");
    const change = await textOf("make_change", { repo: REPOSITORY, task: "Mend it", branch: "main" });
    expect(change).toContain('open_session {"repo":"alice/demo","branch":"main"}');
    expect(change).toContain("- docs/");
    const notes = await textOf("release_notes", { repo: REPOSITORY, from: "main~2" });
    expect(notes).toContain("Write README.md");
  });

  test("show what is no UTF-8 as text, and no more than there is room for", async () => {
    const content = Buffer.alloc(300_000, "caf\xe9 in latin\n", "latin1").toString("base64");
    await put("latin.txt", content, { encoding: "base64", branch: "latin", from: "main" });
    const review = await textOf("review_changes", { repo: REPOSITORY, head: "latin", base: "main" });
    expect(review).toContain("+caf\u{fffd} in latin\n");
    expect(review).toContain("bytes more: show_diff");
    expect(Buffer.byteLength(review)).toBeLessThan(150_000);
  });

  test("refuse what they do not know, and miss what they need", async () => {
    const why = async (name: string, args: Record<string, string>) =>
      (await failureOf(admin.getPrompt({ name, arguments: args }))) as { code: number; message: string };
    expect(await why("review", {})).toMatchObject({
      code: -32602,
      message: expect.stringContaining("review_changes") as string,
    });
    expect((await why("review_changes", { repo: REPOSITORY })).message).toContain("head: is missing");
    expect((await why("review_changes", { repo: REPOSITORY, head: "main", bas: "x" })).message).toContain('"base"');
    expect((await why("review_changes", { repo: "alice/nothing", head: "main" })).message).toContain(
      "repository not found",
    );
  });

  test("have arguments that are completed", async () => {
    const ref = { type: "ref/prompt", name: "review_changes" } as const;
    const { completion } = await admin.complete({
      ref,
      argument: { name: "head", value: "fea" },
      context: { arguments: { repo: REPOSITORY } },
    });
    expect(completion.values).toEqual(["feature/one"]);
  });
});
