import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "graphql-sse";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ControlClient } from "../../src/transports/control/client.ts";
import { EventSourceClient } from "../support/event-source-client.ts";
import { EACH_ONCE, install, type Installation } from "../support/installation.ts";
import { LiveClient } from "../support/live-client.ts";
import { holdfast, type RunningServer } from "../support/running-server.ts";
import { runGit } from "../support/temporary-repository.ts";

const TOKEN = "holdfast-story-token-of-the-administrator";
const AUTHOR = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com"];

/** A stream over a socket of its own: clients of HTTP keep a lid on how many they open. */
class RawStream {
  text = "";
  readonly #socket: Socket;
  #wake = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.text += chunk.toString();
      this.#wake();
    });
  }

  static async open(http: string, query: string): Promise<RawStream> {
    const { hostname, port, host } = new URL(http);
    const socket = connect(Number(port), hostname);
    const stream = new RawStream(socket);
    socket.write(`GET /graphql/subscribe?${query} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await stream.until("events_begin");
    return stream;
  }

  async until(word: string): Promise<void> {
    while (!this.text.includes(word)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }
}

describe.each([...EACH_ONCE])("streams of events, %s", (combination) => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-streams-"));
  const work = join(place, "work");
  let installation: Installation;
  let server: RunningServer;
  /** The same after a restart: who comes back knows no other. */
  let http: string;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start({ HOLDFAST_ADMIN_TOKEN: TOKEN });
    http = server.addresses["http"]!;
    await runGit(place, ["init", "-q", "-b", "main", work]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  const restart = async () => {
    const HOLDFAST_HTTP_PORT = new URL(http).port;
    server = await installation.start({ HOLDFAST_ADMIN_TOKEN: TOKEN, HOLDFAST_HTTP_PORT });
  };
  const control = () => new ControlClient(server.data);
  const address = (query: string) => `${http}/graphql/subscribe?${query}`;
  const create = (name: string, ...options: string[]) =>
    holdfast(["repo", "create", name, ...options], { HOLDFAST_DATA: server.data });
  const push = (name: string, ...refspecs: string[]) =>
    runGit(work, ["push", "-q", `${http.replace("://", `://admin:${TOKEN}@`)}/git/${name}`, ...refspecs]);

  async function commit(message: string): Promise<string> {
    await runGit(work, [...AUTHOR, "commit", "-q", "--allow-empty", "-m", message]);
    return (await runGit(work, ["rev-parse", "HEAD"])).toString().trim();
  }

  /** The events of a repository from the beginning, as the server's journal has them. */
  async function journal(repo: string): Promise<string[]> {
    const { stdout } = await holdfast(["events", "--json"], { HOLDFAST_DATA: server.data });
    return (stdout.trim().split("\n") as string[])
      .map((line) => JSON.parse(line) as { event_id: string; data: { repo?: string } })
      .filter(({ data }) => data.repo === repo)
      .map(({ event_id }) => event_id);
  }

  test("are read by curl, and say what /ws says", async () => {
    await create("alice/told");
    const curl = Bun.spawn(["curl", "-sN", address("repo=alice/told&since=0")], { stdout: "pipe" });
    const live = await LiveClient.connect(http);
    await live.subscribe("repo:alice/told", "0");
    await commit("one");
    await push("alice/told", "HEAD:refs/heads/main");
    await live.until(({ event }) => event === "ref_updated");
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of curl.stdout) {
      text += decoder.decode(chunk, { stream: true });
      if (/event: ref_updated\ndata: .*\n\n/.test(text)) break;
    }
    curl.kill();
    const blocks = text.split("\n\n").slice(0, -1);
    expect(blocks[0]).toMatch(/^retry: [1-3]\d{3}\nid: 0\nevent: events_begin\ndata: \{\}$/);
    expect(blocks.slice(1)).toEqual(
      live
        .events()
        .map(({ event_id, event, data }) => `id: ${event_id}\nevent: ${event}\ndata: ${JSON.stringify(data)}`),
    );
    await live.close();
  });

  test("lose and double nothing over restarts, of a thousand events", async () => {
    await create("alice/resumed");
    const client = new EventSourceClient(address("repo=alice/resumed"));
    await client.until(({ name }) => name === "events_begin");
    const rounds = 4;
    for (let round = 0; round < rounds; round++) {
      await commit(`round ${round}`);
      // Each branch that comes is three events: told in the middle of a restart.
      const refspecs = Array.from({ length: 84 }, (_, n) => `HEAD:refs/heads/r${round}/b${n}`);
      const pushed = push("alice/resumed", ...refspecs);
      await client.until(({ data }) => data["ref"] === `refs/heads/r${round}/b0`);
      await pushed;
      if (round % 2 === 0) await server.kill();
      else expect(await server.stop()).toBe(0);
      await restart();
    }
    const expected = (await journal("alice/resumed")).slice(1);
    expect(expected).toHaveLength(rounds * 84 * 3);
    await client.until(({ id, name }) => name !== "events_begin" && id === expected.at(-1));
    expect(client.told.map(({ id }) => id)).toEqual(expected);
    client.close();
  }, 60_000);

  test("end with their token, and those who come back are refused", async () => {
    const { token, id } = await tokenOf("carol");
    const client = new EventSourceClient(address("events=push"), { token });
    await client.until(({ name }) => name === "events_begin");
    await control().call("revokeToken", { user: "carol", token: String(id) });
    const { data } = await client.until(({ name }) => name === "stream_ended");
    expect(data).toMatchObject({ code: "unauthenticated", reason: "unauthenticated" });
    expect(await client.failed).toBe(401);
  });

  test("of GraphQL say that their token is no longer good", async () => {
    await create("alice/revoked");
    const stream = await tokenOf("dora");
    const other = await control().call<{ token: string; id: number }>("createToken", { user: "dora", name: "other" });
    const ask = (token: string, method: string, headers: Record<string, string> = {}, body?: object) =>
      fetch(address(""), {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        ...(body && { body: JSON.stringify(body) }),
      });
    const subscription = { query: 'subscription { events(since: "0") { event } }', extensions: { operationId: "a" } };
    const revoke = ({ id }: { id: number }) => control().call("revokeToken", { user: "dora", token: String(id) });
    const refused = '"errors":[{"message":"authentication required","extensions":{"code":"unauthenticated"';

    const shared = { "x-graphql-event-stream-token": await (await ask(stream.token, "PUT")).text() };
    const single = readerOf(await ask(stream.token, "GET", shared));
    expect((await ask(other.token, "POST", shared, subscription)).status).toBe(202);
    await single.until("event: next");
    await revoke(other);
    expect(await single.until("event: complete")).toContain(`data: {"id":"a","payload":{${refused}`);

    const alone = readerOf(await ask(stream.token, "POST", {}, subscription));
    await alone.until("event: next");
    await revoke(stream);
    expect(await alone.until("event: complete")).toContain(`data: {${refused}`);
  });

  test("tell only what may be read at that moment", async () => {
    await create("alice/open");
    await create("alice/other");
    const one = new EventSourceClient(address("repo=alice/open"));
    const both = new EventSourceClient(
      address("repo=alice/open&repo=alice/other&events=ref_updated,repository_deleted"),
    );
    const all = new EventSourceClient(address("events=ref_updated,repository_deleted"));
    for (const client of [one, both, all]) await client.until(({ name }) => name === "events_begin");
    await commit("seen");
    await push("alice/open", "HEAD:refs/heads/main");
    for (const client of [one, both, all]) await client.until(({ name }) => name === "ref_updated");
    await control().call("setVisibility", { repository: ref("alice/open"), private: true });
    await push("alice/open", "HEAD:refs/heads/hidden");
    await push("alice/other", "HEAD:refs/heads/main");
    for (const client of [both, all]) await client.until(({ data }) => data["repo"] === "alice/other");
    await control().call("setVisibility", { repository: ref("alice/open"), private: false });
    await push("alice/open", "HEAD:refs/heads/shown");
    for (const client of [one, both, all]) await client.until(({ data }) => data["ref"] === "refs/heads/shown");
    for (const client of [one, both, all])
      expect(client.events.filter(({ data }) => data["ref"] === "refs/heads/hidden")).toEqual([]);

    // What has the name later is another repository, and another's business.
    await control().call("removeRepository", { repository: ref("alice/open") });
    for (const client of [one, both, all]) await client.until(({ name }) => name === "repository_deleted");
    await create("alice/open", "--private");
    await push("alice/open", "HEAD:refs/heads/main");
    await push("alice/other", "HEAD:refs/heads/last");
    for (const client of [both, all]) await client.until(({ data }) => data["ref"] === "refs/heads/last");
    for (const client of [one, both, all]) {
      const after = client.told.slice(client.told.findIndex(({ name }) => name === "repository_deleted") + 1);
      expect(after.filter(({ data }) => data["repo"] === "alice/open")).toEqual([]);
      client.close();
    }
  });

  test("are refused before they begin, in the words of HTTP", async () => {
    const ask = async (query: string, headers: Record<string, string> = {}, method = "GET") => {
      const response = await fetch(address(query), { method, headers });
      const { reason, details } = (await response.json()) as { reason: string; details: { field?: string } };
      return [response.status, reason, details.field];
    };
    expect(await ask("since=99999999")).toEqual([422, "invalid_input", "since"]);
    expect(await ask("", { "last-event-id": "99999999" })).toEqual([422, "invalid_input", "since"]);
    expect(await ask("", { "last-event-id": "'; drop" })).toEqual([422, "invalid_input", "Last-Event-ID"]);
    expect(await ask("since=-1")).toEqual([422, "invalid_input", "since"]);
    expect(await ask("events=pusj")).toEqual([422, "invalid_input", "events"]);
    expect(await ask("evnts=push")).toEqual([422, "invalid_input", "evnts"]);
    expect(await ask("repo=")).toEqual([422, "invalid_input", "repo"]);
    expect(await ask("repo=alice/none")).toEqual([404, "repository_not_found", undefined]);
    expect(await ask("repo=alice/told&repo=alice/none")).toEqual([404, "repository_not_found", undefined]);
    expect(await ask("admin=true")).toEqual([403, "forbidden", undefined]);
    expect(await ask("", { authorization: "Bearer nobody-has-this" })).toEqual([401, "unauthenticated", undefined]);
    expect(await ask("", { origin: "https://elsewhere.example" })).toEqual([403, "origin_not_allowed", undefined]);
    expect(await ask("", {}, "PATCH")).toEqual([405, "method_not_allowed", undefined]);
    const open = await watching();
    for (let n = 0; n < 3; n++) {
      const head = await fetch(address("repo=alice/told"), { method: "HEAD" });
      expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    }
    // Others may have gone meanwhile.
    expect(await watching()).toBeLessThanOrEqual(open);
    expect((await fetch(address(""), { method: "OPTIONS" })).headers.get("allow")).toBe(
      "GET, HEAD, OPTIONS, POST, PUT, DELETE",
    );
  });

  test("are 1,000 of one client, and all of them are told", async () => {
    await create("alice/crowd");
    const streams = await Promise.all(
      Array.from({ length: 1000 }, () => RawStream.open(http, "repo=alice/crowd&events=push")),
    );
    expect(new Set(streams.map(({ text }) => text.slice(0, 15)))).toEqual(new Set(["HTTP/1.1 200 OK"]));
    await commit("for all");
    await push("alice/crowd", "HEAD:refs/heads/main");
    await Promise.all(streams.map((stream) => stream.until("event: push")));
    for (const stream of streams) stream.close();
  }, 30_000);

  test("speak GraphQL, and go on where they were", async () => {
    await create("alice/graph");
    const client = createClient({ url: `${http}/graphql/subscribe`, retryAttempts: 0 });
    const events = client.iterate<{ repositoryEvents: { eventId: string; event: string; commitCount: number | null } }>(
      {
        query:
          'subscription ($repo: ID!) { repositoryEvents(repo: $repo, since: "0", events: ["push"]) { eventId event commitCount } }',
        variables: { repo: "alice/graph" },
      },
    );
    await commit("by graph");
    await push("alice/graph", "HEAD:refs/heads/main");
    const first = await events.next();
    expect(first.value!.data!.repositoryEvents).toMatchObject({ event: "push" });
    const { eventId } = first.value!.data!.repositoryEvents;
    await push("alice/graph", "HEAD:refs/heads/next");
    expect(Number((await events.next()).value!.data!.repositoryEvents.eventId)).toBeGreaterThan(Number(eventId));
    await events.return!();

    // A plain EventSource may ask in GraphQL too: its header goes before what the query says.
    const query = encodeURIComponent('subscription { repositoryEvents(repo: "alice/graph", since: "0") { eventId } }');
    const all = await journal("alice/graph");
    const resumed = await fetch(address(`query=${query}`), { headers: { "last-event-id": all.at(-2)! } });
    let text = "";
    for await (const chunk of resumed.body!) {
      text += new TextDecoder().decode(chunk);
      if (text.includes("event: next\n")) break;
    }
    expect(text).toBe(
      `id: ${all.at(-2)}\n\nid: ${all.at(-1)}\nevent: next\ndata: {"data":{"repositoryEvents":{"eventId":"${all.at(-1)}"}}}\n\n`,
    );
    const failing = client.iterate({
      query: 'subscription { repositoryEvents(repo: "alice/graph", since: "99999999") { eventId } }',
    });
    expect((await failing.next()).value!.errors![0]!.extensions).toMatchObject({ reason: "invalid_input" });
    expect((await failing.next()).done).toBe(true);
    client.dispose();

    // As a page that knows one address for everything asks.
    const page = createClient({ url: `${http}/graphql`, retryAttempts: 0 });
    const paged = page.iterate({ query: 'subscription { events(repos: ["alice/graph"], since: "0") { event repo } }' });
    expect((await paged.next()).value).toEqual({
      data: { events: { event: "repository_created", repo: "alice/graph" } },
    });
    await paged.return!();
    page.dispose();
  });

  test("may be one for all that a client asks for", async () => {
    await create("alice/single");
    const client = createClient({ url: `${http}/graphql/subscribe`, singleConnection: true, retryAttempts: 0 });
    const names = ["branch_created", "push"];
    const subscribe = (event: string) =>
      client.iterate<{ repositoryEvents: { event: string; ref: string } }>({
        query: `subscription { repositoryEvents(repo: "alice/single", since: "0", events: ["${event}"]) { event ref } }`,
      });
    const subscriptions = names.map(subscribe);
    await commit("for one stream");
    await push("alice/single", "HEAD:refs/heads/main");
    const told = await Promise.all(subscriptions.map((one) => one.next()));
    expect(told.map(({ value }) => (value as { data: object }).data)).toEqual(
      names.map((event) => ({ repositoryEvents: { event, ref: "refs/heads/main" } })),
    );
    await subscriptions[0]!.return!();
    await push("alice/single", "HEAD:refs/heads/next");
    expect((await subscriptions[1]!.next()).value!.data!.repositoryEvents.ref).toBe("refs/heads/next");
    const files = client.iterate({ query: '{ files(repo: "alice/single", rev: "main") { path } }' });
    expect((await files.next()).value).toEqual({ data: { files: [] } });
    expect((await files.next()).done).toBe(true);
    await subscriptions[1]!.return!();
    client.dispose();

    const ask = async (method: string, token?: string, body?: object) => {
      const headers = { "content-type": "application/json", ...(token && { "x-graphql-event-stream-token": token }) };
      const response = await fetch(address(""), { method, headers, ...(body && { body: JSON.stringify(body) }) });
      return [response.status, await response.text()] as const;
    };
    const [status, token] = await ask("PUT");
    expect([status, token]).toEqual([201, expect.stringMatching(/^[0-9a-f]{32}$/) as string]);
    expect((await ask("POST", "0".repeat(32), { query: "{ __typename }" }))[0]).toBe(404);
    expect((await ask("POST", token, { query: "{ __typename }" }))[0]).toBe(400);
    // What waits for a stream, or is told for hours, is small.
    const large = { variables: { large: "x".repeat(70_000) }, extensions: { operationId: "large" } };
    const query = "subscription { events { event } }";
    expect((await ask("POST", token, { query: "{ __typename }", ...large }))[1]).toContain("the stream is not open");
    expect((await ask("POST", token, { query, ...large }))[1]).toContain("larger than 64 KiB");
    expect((await ask("POST", undefined, { query, ...large }))[1]).toContain("larger than 64 KiB");
    expect((await ask("POST", token, { query: "{ nope }", extensions: { operationId: "a" } }))[0]).toBe(400);
    for (let n = 0; n < 100; n++)
      expect((await ask("POST", token, { query: "{ __typename }", extensions: { operationId: `${n}` } }))[0]).toBe(202);
    expect((await ask("POST", token, { query: "{ __typename }", extensions: { operationId: "more" } }))[0]).toBe(429);
    expect((await ask("DELETE"))[0]).toBe(400);
    // One waits already.
    for (let n = 0; n < 99; n++) expect((await ask("PUT"))[0]).toBe(201);
    expect((await ask("PUT"))[0]).toBe(429);
  });

  test("end at once when the server stops", async () => {
    const stuck = await fetch(address(""));
    const client = new EventSourceClient(address(""));
    await client.until(({ name }) => name === "events_begin");
    const begun = performance.now();
    expect(await server.stop()).toBe(0);
    // The server waits up to 10 s for what runs.
    expect(performance.now() - begun).toBeLessThan(5_000);
    client.close();
    expect(await stuck.text()).toContain("events_begin");
    await restart();
  });

  /** How many watch a repository over server-sent events. */
  async function watching(): Promise<number> {
    const metrics = await (await fetch(`${http}/metrics`)).text();
    return Number(
      /^holdfast_operations_in_flight\{operation="watchRepository",door="sse"\} (\d+)$/m.exec(metrics)?.[1],
    );
  }

  /** What an answer has told when a word has come. */
  function readerOf({ body }: Response): { until(word: string): Promise<string> } {
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    return {
      async until(word) {
        while (!text.includes(word)) {
          const { value, done } = await reader.read();
          if (done) throw new Error(`the stream has ended: ${text}`);
          text += value;
        }
        return text;
      },
    };
  }

  async function tokenOf(name: string): Promise<{ token: string; id: number }> {
    await control().call("createUser", { name });
    return control().call<{ token: string; id: number }>("createToken", { user: name, name: "t" });
  }

  const ref = (name: string) => ({ storage: "default", relativePath: `${name}.git` });
});
