import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  ForbiddenError,
  GitError,
  NotFoundError,
  UnauthorizedError,
  ValidationError,
  type WatchDisconnected,
  watchRepository,
  type WatchRepositoryOptions,
} from "../../src/index.ts";
import type { RepositoryWatch } from "../../src/watch/repository-watch.ts";
import { HandSetClock } from "./hand-set-clock.ts";
import { ScriptedServer } from "./scripted-server.ts";

describe("watchRepository", () => {
  // Whoever runs the tests may have a server of his own.
  for (const name of ["HOLDFAST_URL", "HOLDFAST_TOKEN"]) delete process.env[name];

  let server: ScriptedServer;
  let clock: HandSetClock;
  const watches: RepositoryWatch[] = [];

  beforeEach(() => {
    server = new ScriptedServer();
    clock = new HandSetClock();
  });
  afterEach(async () => {
    for (const watch of watches.splice(0)) await watch.return();
    await server[Symbol.asyncDispose]();
  });

  function watch(options: WatchRepositoryOptions = {}): RepositoryWatch {
    const made = watchRepository("alice/catalog", { url: server.url, clock, ...options });
    watches.push(made);
    return made;
  }

  /** A watch whose lost connections can be waited for. */
  function watchLosses(options: WatchRepositoryOptions = {}) {
    const losses: WatchDisconnected[] = [];
    let tell = () => {};
    const onDisconnected = (loss: WatchDisconnected) => {
      losses.push(loss);
      tell();
    };
    const lossesCame = async (count: number) => {
      while (losses.length < count) await new Promise<void>((resolve) => (tell = resolve));
      return losses;
    };
    return { events: watch({ ...options, onDisconnected }), lossesCame };
  }

  const ids = async (events: RepositoryWatch, count: number): Promise<(string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    while (found.length < count) found.push((await events.next()).value?.id);
    return found;
  };

  /** What the loop over the events throws. */
  const failure = (events: RepositoryWatch): Promise<unknown> =>
    events.next().then(
      (result) => result,
      (error: unknown) => error,
    );

  describe("what is told", () => {
    test("events come as plain values", async () => {
      const events = watch({ token: "secret" });
      const connection = await server.subscribed("6");
      expect(connection.path).toBe("/ws");
      expect(connection.authorization).toBe("Bearer secret");
      expect(connection.subscription).toEqual({ type: "subscribe", channel: "repo:alice/catalog" });
      connection.event(7, { old: "a".repeat(40), new: "b".repeat(40) });
      expect((await events.next()).value).toEqual({
        id: "7",
        event: "ref_updated",
        repo: "alice/catalog",
        ref: "refs/heads/main",
        branch: "main",
        oldId: "a".repeat(40),
        newId: "b".repeat(40),
        actor: "alice",
        door: "http",
        data: {
          repo: "alice/catalog",
          ref: "refs/heads/main",
          old: "a".repeat(40),
          new: "b".repeat(40),
          actor: "alice",
          door: "http",
        },
        timestamp: new Date("2026-01-02T03:04:05.678Z"),
      });
    });

    test("a tag has its short name, other references have none", async () => {
      const events = watch();
      const connection = await server.subscribed("0");
      connection.event(1, { ref: "refs/tags/v1.0" });
      connection.event(2, { ref: "refs/notes/commits" });
      const tag = (await events.next()).value;
      expect(tag).toMatchObject({ tag: "v1.0" });
      expect(tag).not.toHaveProperty("branch");
      const notes = (await events.next()).value;
      expect(notes).not.toHaveProperty("tag");
      expect(notes).not.toHaveProperty("branch");
    });

    test("another default branch is no pair of ids", async () => {
      const events = watch();
      const connection = await server.subscribed("0");
      connection.say({
        type: "event",
        channel: "repo:alice/catalog",
        event: "default_branch_changed",
        data: { repo: "alice/catalog", old: "refs/heads/main", new: "refs/heads/next", actor: "alice", door: "rest" },
        timestamp: "2026-01-02T03:04:05Z",
        event_id: "1",
      });
      const changed = (await events.next()).value;
      expect(changed).toMatchObject({ event: "default_branch_changed", data: { new: "refs/heads/next" } });
      expect(changed).not.toHaveProperty("newId");
    });

    test("what is no longer kept is told by an item of its own", async () => {
      const events = watch({ since: "3" });
      const connection = await server.subscribed("3");
      connection.say({
        type: "event",
        channel: "repo:alice/catalog",
        event: "events_expired",
        data: { since: "3", oldest: "100" },
        timestamp: "2026-01-02T03:04:05Z",
        event_id: "99",
      });
      connection.event(100);
      expect((await events.next()).value).toEqual({
        id: "99",
        event: "events_expired",
        since: "3",
        oldest: "100",
        timestamp: new Date("2026-01-02T03:04:05Z"),
      });
      expect(await ids(events, 1)).toEqual(["100"]);
    });

    test("events of kinds that later servers tell are left out", async () => {
      const events = watch();
      const connection = await server.subscribed("0");
      const later = { event: "moon_risen", data: {}, timestamp: "2026-01-02T03:04:05Z", event_id: "1" };
      connection.say({ type: "event", channel: "repo:alice/catalog", ...later });
      connection.say({ type: "greeting" });
      connection.event(2);
      expect(await ids(events, 1)).toEqual(["2"]);
    });
  });

  describe("names and addresses", () => {
    test("a repository is named by itself or by its full name", async () => {
      const repo = { storage: "default", relativePath: "alice/catalog.git" };
      const events = watchRepository(repo, { url: server.url.replace("http", "ws") });
      watches.push(events);
      expect((await server.subscribed("0")).subscription).toMatchObject({ channel: "repo:alice/catalog" });
    });

    test("an address may have a path", async () => {
      watch({ url: `${server.url}/git-service/` });
      expect((await server.subscribed("0")).path).toBe("/git-service/ws");
    });

    test.each([
      ["no address", "alice/catalog", { url: undefined }],
      ["an address that is none", "alice/catalog", { url: "somewhere" }],
      ["another protocol", "alice/catalog", { url: "ftp://127.0.0.1" }],
      ["credentials in the address", "alice/catalog", { url: "http://alice:secret@127.0.0.1" }],
      ["a since that is none", "alice/catalog", { url: "http://127.0.0.1", since: "yesterday" }],
      ["a limit that is none", "alice/catalog", { url: "http://127.0.0.1", pongMaxMs: 0 }],
      ["no name", "", { url: "http://127.0.0.1" }],
      ["another storage", { storage: "second", relativePath: "a.git" }, { url: "http://127.0.0.1" }],
    ])("%s is refused at once", (_, repo, options) => {
      expect(() => watchRepository(repo, options as WatchRepositoryOptions)).toThrow(ValidationError);
    });
  });

  describe("a lost connection", () => {
    test("is made again behind the last event, and nothing is lost or doubled", async () => {
      const { events, lossesCame } = watchLosses();
      const first = await server.subscribed("10");
      first.event(11);
      first.event(12);
      expect(await ids(events, 2)).toEqual(["11", "12"]);
      first.socket!.terminate();
      await lossesCame(1);
      clock.advance(1_000);
      const second = await server.subscribed("12");
      expect(second.subscription).toEqual({ type: "subscribe", channel: "repo:alice/catalog", since: "12" });
      // A server that tells more than it was asked for changes nothing.
      for (const id of [11, 12, 13]) second.event(id);
      expect(await ids(events, 1)).toEqual(["13"]);
    });

    test("goes on behind what the first subscription said, when no event came yet", async () => {
      const { events, lossesCame } = watchLosses();
      const first = await server.subscribed("10");
      expect(await events.ready).toBe("10");
      first.socket!.close(1001, "the server is shutting down");
      await lossesCame(1);
      clock.advance(1_000);
      expect((await server.subscribed("10")).subscription).toMatchObject({ since: "10" });
    });

    test("keeps what waits for the reader", async () => {
      const { events, lossesCame } = watchLosses();
      const first = await server.subscribed("0");
      first.event(1);
      first.event(2);
      first.socket!.close(1001, "the server is shutting down");
      await lossesCame(1);
      clock.advance(1_000);
      const second = await server.subscribed("2");
      expect(second.subscription).toMatchObject({ since: "2" });
      second.event(3);
      expect(await ids(events, 3)).toEqual(["1", "2", "3"]);
    });

    test("is waited for 1 s, then twice as long each time, never more than 30 s; a good one begins anew", async () => {
      server.refusal = 503;
      const { lossesCame } = watchLosses();
      const waits = [1, 2, 4, 8, 16, 30, 30].map((seconds) => seconds * 1_000);
      for (const [n, wait] of waits.entries()) {
        const losses = await lossesCame(n + 1);
        expect(losses[n]).toMatchObject({ retryInMs: wait, error: { code: "UNAVAILABLE", retryable: true } });
        clock.advance(wait - 1);
        expect(server.requests).toBe(n + 1);
        if (n === waits.length - 1) server.refusal = undefined;
        clock.advance(1);
      }
      const good = await server.subscribed("0");
      good.event(1);
      good.socket!.terminate();
      expect((await lossesCame(waits.length + 1)).at(-1)).toMatchObject({ retryInMs: 1_000 });
    });

    test("spreads its attempts", async () => {
      server.refusal = 503;
      clock.chance = 0.5;
      const { lossesCame } = watchLosses();
      expect((await lossesCame(1))[0]).toMatchObject({ retryInMs: 1_100 });
    });

    test("is noticed when the server is silent and does not answer a ping", async () => {
      const { lossesCame } = watchLosses({ silenceMaxMs: 5_000, pongMaxMs: 2_000 });
      const first = await server.subscribed("0");
      await watches[0]!.ready;
      clock.advance(5_000);
      expect(await first.messages.next()).toEqual({ type: "ping" });
      clock.advance(2_000);
      expect((await lossesCame(1))[0]!.error.message).toContain("has not answered a ping for 2000 ms");
      clock.advance(1_000);
      expect((await server.subscribed("0")).subscription).toMatchObject({ since: "0" });
    });

    test("is not suspected while the server answers", async () => {
      const events = watch({ silenceMaxMs: 5_000, pongMaxMs: 2_000 });
      const only = await server.subscribed("0");
      await events.ready;
      for (let id = 1; id <= 3; id++) {
        clock.advance(5_000);
        expect(await only.messages.next()).toEqual({ type: "ping" });
        only.say({ type: "pong" });
        only.event(id);
        expect(await ids(events, 1)).toEqual([String(id)]);
      }
      expect(server.requests).toBe(1);
    });

    test("is given up when the server accepts it and says nothing", async () => {
      const { lossesCame } = watchLosses({ connectMaxMs: 3_000 });
      const silent = await server.connection();
      await silent.messages.next();
      clock.advance(3_000);
      expect((await lossesCame(1))[0]!.error.message).toContain("has not answered for 3000 ms");
    });

    test("is no reason to give up where nobody listens", async () => {
      const url = server.url;
      await server[Symbol.asyncDispose]();
      const { lossesCame } = watchLosses({ url });
      expect((await lossesCame(1))[0]!.error).toMatchObject({ code: "UNAVAILABLE" });
      clock.advance(1_000);
      expect((await lossesCame(2))[1]).toMatchObject({ retryInMs: 2_000 });
    });

    test.each(["unavailable", "resource_exhausted", "internal"])(
      "is made again after the server's %s",
      async (code) => {
        const { lossesCame } = watchLosses();
        const connection = await server.connection();
        await connection.messages.next();
        connection.say({ type: "error", error: "not now", code, request_id: "r-1" });
        const [loss] = await lossesCame(1);
        expect(loss!.error).toMatchObject({ code: code.toUpperCase(), requestId: "r-1", message: "not now" });
      },
    );
  });

  describe("a reader that is slow", () => {
    test("has no more waiting than the limit: the rest stays with the server", async () => {
      const events = watch({ waitingEventsMax: 4 });
      const first = await server.subscribed("0");
      for (let id = 1; id <= 50; id++) first.event(id);
      expect(await first.closed.promise).toBe(1000);
      // There is place for half of them when two are left.
      expect(await ids(events, 1)).toEqual(["1"]);
      expect(server.requests).toBe(1);
      expect(await ids(events, 1)).toEqual(["2"]);
      const second = await server.subscribed("4");
      expect(second.subscription).toMatchObject({ since: "4" });
      second.event(5);
      expect(await ids(events, 3)).toEqual(["3", "4", "5"]);
    });

    test("has no more characters waiting than the limit, but for one event alone", async () => {
      const events = watch({ waitingCharactersMax: 1_000 });
      const first = await server.subscribed("0");
      first.event(1, { message: "x".repeat(5_000) });
      first.event(2);
      await first.closed.promise;
      expect(await ids(events, 1)).toEqual(["1"]);
      const second = await server.subscribed("1");
      expect(second.subscription).toMatchObject({ since: "1" });
      second.event(2);
      expect(await ids(events, 1)).toEqual(["2"]);
    });

    test("does not wait for a back-off: the server did nothing wrong", async () => {
      const { events, lossesCame } = watchLosses({ waitingEventsMax: 1 });
      const first = await server.subscribed("0");
      first.event(1);
      first.event(2);
      await first.closed.promise;
      await ids(events, 1);
      // The clock stands still.
      const second = await server.subscribed("1");
      second.socket!.terminate();
      expect(await lossesCame(1)).toHaveLength(1);
    });
  });

  describe("what no further attempt mends", () => {
    test.each([
      ["unauthenticated", UnauthorizedError, "UNAUTHENTICATED"],
      ["not_found", NotFoundError, "NOT_FOUND"],
      ["permission_denied", ForbiddenError, "PERMISSION_DENIED"],
      ["invalid_argument", ValidationError, "INVALID_ARGUMENT"],
      ["unimplemented", GitError, "UNIMPLEMENTED"],
      ["something_new", GitError, "UNKNOWN"],
    ])("the server's %s is thrown, and nothing is tried again", async (code, type, expected) => {
      const events = watch();
      const connection = await server.connection();
      await connection.messages.next();
      connection.say({ type: "error", error: "no", code, request_id: "r-2" });
      const error = await failure(events);
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({ code: expected, requestId: "r-2", message: "no" });
      expect(await events.ready.catch((reason: unknown) => reason)).toBe(error);
      expect(await events.next()).toEqual({ done: true, value: undefined });
      clock.advance(60_000);
      expect(server.requests).toBe(1);
    });

    test.each([
      [400, GitError],
      [401, UnauthorizedError],
      [403, ForbiddenError],
      [404, NotFoundError],
    ])("HTTP status %d instead of a WebSocket is thrown", async (status, type) => {
      server.refusal = status;
      expect(await failure(watch())).toBeInstanceOf(type);
      clock.advance(60_000);
      expect(server.requests).toBe(1);
    });

    test.each([429, 500, 502, 503, 504])("HTTP status %d is tried again", async (status) => {
      server.refusal = status;
      const { lossesCame } = watchLosses();
      expect((await lossesCame(1))[0]!.retryInMs).toBe(1_000);
    });

    test("credentials that are taken back end it, behind what came before", async () => {
      const events = watch();
      const connection = await server.subscribed("0");
      connection.event(1);
      connection.socket!.close(4401, "the credentials are no longer good");
      expect(await ids(events, 1)).toEqual(["1"]);
      expect(await failure(events)).toBeInstanceOf(UnauthorizedError);
    });

    test.each(["no JSON", "[]", '{"type":"event","event_id":"x"}', '{"type":"subscribed"}'])(
      "something that is not Holdfast's: %s",
      async (text) => {
        const events = watch();
        const connection = await server.connection();
        await connection.messages.next();
        connection.say(text);
        expect(await failure(events)).toMatchObject({ name: "GitError", code: "UNKNOWN" });
      },
    );
  });

  describe("its beginning and its end", () => {
    test("tells when it is connected, and when again", async () => {
      const connected: object[] = [];
      const { events, lossesCame } = watchLosses({ onConnected: (told) => connected.push(told) });
      const first = await server.subscribed("41");
      expect(await events.ready).toBe("41");
      first.event(42);
      await ids(events, 1);
      first.socket!.terminate();
      await lossesCame(1);
      clock.advance(1_000);
      const second = await server.subscribed("42");
      second.event(43);
      await ids(events, 1);
      expect(connected).toEqual([
        { eventId: "41", resumed: false },
        { eventId: "42", resumed: true },
      ]);
    });

    test("what the application throws is thrown in the loop", async () => {
      const mistake = new TypeError("not a function");
      const events = watch({
        onConnected: () => {
          throw mistake;
        },
      });
      const connection = await server.subscribed("0");
      expect(await failure(events)).toBe(mistake);
      expect(await connection.closed.promise).toBe(1000);
    });

    test("the signal ends the loop without an error, and closes the connection", async () => {
      const stopping = new AbortController();
      const events = watch({ signal: stopping.signal });
      const connection = await server.subscribed("0");
      await events.ready;
      const next = events.next();
      stopping.abort();
      expect(await next).toEqual({ done: true, value: undefined });
      expect(await connection.closed.promise).toBe(1000);
    });

    test("a signal that has fired already opens no connection", async () => {
      const events = watch({ signal: AbortSignal.abort(new Error("too late")) });
      expect(await events.next()).toEqual({ done: true, value: undefined });
      await expect(events.ready).rejects.toThrow("too late");
      expect(server.requests).toBe(0);
    });

    test("break closes the connection and drops what waits", async () => {
      const events = watch();
      const connection = await server.subscribed("0");
      for (let id = 1; id <= 3; id++) connection.event(id);
      for await (const { id } of events) {
        expect(id).toBe("1");
        break;
      }
      expect(await connection.closed.promise).toBe(1000);
      expect(await events.next()).toEqual({ done: true, value: undefined });
    });

    test("ends while it waits for its next attempt", async () => {
      server.refusal = 503;
      const { events, lossesCame } = watchLosses();
      await lossesCame(1);
      await events.return();
      clock.advance(60_000);
      expect(server.requests).toBe(1);
      await expect(events.ready).rejects.toMatchObject({ code: "CANCELLED" });
    });

    test("ends while it waits for the server's answer", async () => {
      const events = watch();
      const connection = await server.connection();
      await connection.messages.next();
      await events.return();
      expect(await connection.closed.promise).toBe(1000);
    });
  });
});
