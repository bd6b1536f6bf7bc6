import { Value } from "@sinclair/typebox/value";
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_DATA } from "../../src/contract/event-schemas.ts";
import type { EventSelection, PendingEvent } from "../../src/contract/events.ts";
import type { Caller } from "../../src/contract/principal.ts";
import { EVENTS_BEGIN, type RepositoryEventName } from "../../src/domain/event-names.ts";
import { EventBus } from "../../src/events/event-bus.ts";
import { EventLog } from "../../src/events/event-log.ts";
import { Journal } from "../../src/events/journal.ts";
import type { ChangeEvent, ChangeFacts } from "../../src/events/journal-record.ts";
import { Dice } from "../support/dice.ts";
import { failureOf } from "../support/failure-of.ts";
import { FakeClock } from "../support/fake-clock.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const ZEROS = "0".repeat(40);
const ONES = "1".repeat(40);
const CALLER: Caller = {
  principal: { kind: "service", name: "service" },
  door: "internal",
  requestId: "r",
  peer: "test",
  signal: new AbortController().signal,
};

const at = (name: string) => ({ storage: "default", relativePath: `${name}.git` });

function moved(repository: string, ref: string, oldOid = ZEROS, newOid = ONES): ChangeFacts {
  return {
    repository: at(repository),
    changes: [{ name: ref, oldOid, newOid }],
    door: "ssh",
    by: "jane",
    requestId: "r",
  };
}

/** A journal with the log over it, which can be closed and opened again. */
class Server {
  readonly directory = mkdtempSync(join(tmpdir(), "holdfast-event-log-"));
  readonly clock = new FakeClock();
  journal!: Journal;
  log!: EventLog;

  constructor(readonly recentEventsMax?: number) {
    this.open();
  }

  open(): void {
    const bus = new EventBus((error) => {
      throw error;
    });
    const { directory, clock, recentEventsMax } = this;
    this.journal = Journal.open({ directory, keepDays: 30, clock, bus, segmentBytesMax: 8 * 1024 });
    const { journal } = this;
    const readPushed = () => Promise.reject(new Error("the repository is gone"));
    this.log = new EventLog({
      journal,
      bus,
      clock,
      readPushed,
      patienceMs: 1,
      ...(recentEventsMax === undefined ? {} : { recentEventsMax }),
    });
  }

  async record(facts: ChangeFacts): Promise<ChangeEvent> {
    const work = this.journal.begin(facts.repository);
    const { event, flushed } = this.journal.prepare(facts);
    await flushed;
    this.journal.done(event);
    this.journal.end(work);
    return event;
  }

  async restart(): Promise<void> {
    this.log.close();
    await this.journal.close();
    this.open();
  }

  async past(selection: Partial<EventSelection> = {}): Promise<PendingEvent[]> {
    const events: PendingEvent[] = [];
    for await (const batch of this.log.past({ signal: CALLER.signal, ...selection })) events.push(...batch);
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.log.close();
    await this.journal.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Listens to one selection until it is stopped, and writes down the numbers. */
class Listener {
  readonly ids: bigint[] = [];
  readonly #ending = new AbortController();
  readonly #ended: Promise<void>;
  readonly began = Promise.withResolvers<void>();

  constructor(log: EventLog, selection: Omit<EventSelection, "signal">) {
    this.#ended = this.#listen(log, selection);
    this.#ended.catch(() => this.began.resolve());
  }

  async #listen(log: EventLog, selection: Omit<EventSelection, "signal">): Promise<void> {
    for await (const batch of log.watch({ ...selection, signal: this.#ending.signal })) {
      for (const event of batch) {
        if (event.name === EVENTS_BEGIN) this.began.resolve();
        else this.ids.push(event.id);
      }
    }
  }

  /** Stops at once, in the middle of whatever there is to tell. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#ended.catch((error: unknown) => {
      if (!this.#ending.signal.aborted) throw error;
    });
  }

  ended(): Promise<void> {
    return this.#ended;
  }
}

const names = (events: readonly PendingEvent[]) => events.map(({ name, id }) => `${id} ${name}`);

describe("EventLog", () => {
  test("gives each event of a change a number of its own, in the order of the catalogue", async () => {
    await using server = new Server();
    await server.record(moved("a", "refs/heads/main"));
    await server.record(moved("a", "refs/heads/main", ONES, "2".repeat(40)));
    await server.record(moved("a", "refs/tags/v1"));
    await server.record(moved("a", "refs/heads/main", ONES, ZEROS));
    await server.record(moved("a", "refs/notes/commits"));
    // Nobody is told, and yet a number is taken.
    await server.record(moved("a", "refs/keep-around/1"));
    await server.record({ ...moved("a", ""), changes: [], head: { newTarget: "refs/heads/trunk" } });
    await server.record({ ...moved("b", ""), changes: [], life: { kind: "renamed", from: at("a") } });
    const expected = [
      "1 branch_created",
      "2 push",
      "3 ref_updated",
      "4 push",
      "5 ref_updated",
      "6 tag_created",
      "7 push",
      "8 ref_updated",
      "9 branch_deleted",
      "10 ref_updated",
      "11 ref_updated",
      "13 default_branch_changed",
      "14 repository_renamed",
    ];
    expect(names(await server.past())).toEqual(expected);
    for (const event of await server.past()) {
      const { data, event: name } = await event.deliver();
      const errors = [...Value.Errors(EVENT_DATA[name as RepositoryEventName], data)];
      expect(errors.map(({ path, message }) => `${name}${path}: ${message}`)).toEqual([]);
    }
    await server.restart();
    expect(names(await server.past())).toEqual(expected);
    expect(names(await server.past({ since: 7n }))).toEqual(expected.slice(7));
  });

  test("tells who acted, through which door, and names that are no text exactly", async () => {
    await using server = new Server();
    const actor = { id: "user-1", username: "janedoe", name: "Jane", email: "j@example.com" };
    await server.record({ ...moved("a", "refs/notes/\xff"), actor });
    await server.record(moved("alice/project", "refs/notes/x"));
    const [first, second] = await Promise.all((await server.past()).map((event) => event.deliver()));
    expect(first!.data).toEqual({
      repo: "a",
      ref: "refs/notes/\ufffd",
      ref_base64: Buffer.from("refs/notes/\xff", "latin1").toString("base64"),
      old: ZEROS,
      new: ONES,
      actor: "janedoe",
      door: "ssh",
    });
    expect(second).toEqual({
      event_id: "2",
      event: "ref_updated",
      timestamp: new Date(server.clock.nowMs()).toISOString(),
      data: { repo: "alice/project", ref: "refs/notes/x", old: ZEROS, new: ONES, actor: "jane", door: "ssh" },
    });
  });

  test("tells of a push whose commits are gone without them", async () => {
    await using server = new Server();
    await server.record(moved("a", "refs/heads/main"));
    const push = (await server.past()).find(({ name }) => name === "push")!;
    expect((await push.deliver()).data).toMatchObject({ commits: null, commit_count: null, ref: "refs/heads/main" });
    // What was made for one reader is what the next one gets.
    expect(await push.deliver()).toBe(await push.deliver());
  });

  test("tells of administration only those who ask", async () => {
    await using server = new Server();
    const events = server.log.forCaller({ ...CALLER, principal: { kind: "user", name: "root" } });
    await events.recordAdmin("user_created", { user: "jane" });
    expect(events.newest()).toBe(1n);
    expect(await server.past()).toEqual([]);
    await server.restart();
    const [event] = await server.past({ admin: true });
    expect(await event!.deliver()).toMatchObject({
      event_id: "1",
      event: "user_created",
      data: { user: "jane", actor: "root", door: "internal" },
    });
  });

  test("says when what was asked for is no longer kept", async () => {
    await using server = new Server();
    await server.record(moved("a", "refs/notes/1"));
    for (let day = 0; day < 40; day++) {
      server.clock.advance(2 * DAY_MS);
      await server.record(moved("a", `refs/notes/day-${day}`));
    }
    await server.restart();
    const [first, second] = await server.past({ since: 0n });
    expect(first!.name).toBe("events_expired");
    expect(first!.id + 1n).toBe(second!.id);
    expect(second!.id).toBeGreaterThan(1n);
    // Who asks for all that is there misses nothing.
    expect((await server.past())[0]!.id).toBe(second!.id);
  });

  test("refuses the number of an event that has not been", async () => {
    await using server = new Server();
    await server.record(moved("a", "refs/notes/1"));
    const iterator = server.log.watch({ since: 2n, signal: CALLER.signal })[Symbol.asyncIterator]();
    expect(await failureOf(iterator.next())).toMatchObject({ reason: "invalid_input" });
  });

  test("knows which events belong to a repository that has gone", async () => {
    for (const recentEventsMax of [1, 1000]) {
      await using server = new Server(recentEventsMax);
      await server.record(moved("a", "refs/notes/1"));
      await server.record({ ...moved("a", ""), changes: [], life: { kind: "deleted" } });
      await server.record({ ...moved("a", ""), changes: [], life: { kind: "created" } });
      await server.record(moved("a", "refs/notes/2"));
      for (let restarts = 0; restarts < 2; restarts++) {
        const outlived = (await server.past()).map((event) => event.isOutlived());
        expect(outlived).toEqual([true, false, false, false]);
        await server.restart();
      }
    }
  });

  test("lets nobody keep others from the past by reading slowly", async () => {
    await using server = new Server(1);
    for (let n = 0; n < 700; n++) await server.record(moved("a", `refs/notes/${n}`));
    const numbers = Array.from({ length: 700 }, (_, n) => BigInt(n + 1));
    const slow = [1, 2, 3].map(() => server.log.past({ signal: CALLER.signal }));
    const told = await Promise.all(slow.map(async (reader) => (await reader.next()).value as readonly PendingEvent[]));
    // All places are taken by those three, who do not come for more.
    expect((await server.past()).map(({ id }) => id)).toEqual(numbers);
    for (const [n, reader] of slow.entries()) {
      const rest = (await Array.fromAsync(reader)).flat();
      expect([...told[n]!, ...rest].map(({ id }) => id)).toEqual(numbers);
    }
  });

  test("drops a reader that does not read, and keeps the others", async () => {
    await using server = new Server();
    const slow = server.log.watch({ repositories: [at("a")], signal: CALLER.signal })[Symbol.asyncIterator]();
    const fast = new Listener(server.log, { repositories: [at("a")] });
    await slow.next();
    await fast.began.promise;
    const prepared = Array.from({ length: 1030 }, (_, n) => server.journal.prepare(moved("a", `refs/notes/${n}`)));
    await Promise.all(prepared.map(({ flushed }) => flushed));
    for (const { event } of prepared) {
      server.journal.done(event);
      await Promise.resolve();
    }
    expect(await failureOf(slow.next())).toMatchObject({ reason: "reader_too_slow" });
    await server.restart();
    expect(fast.ids).toHaveLength(1030);
  });

  test("a change that alone is larger than what may wait drops nobody", async () => {
    await using server = new Server();
    const listener = new Listener(server.log, { repositories: [at("a")] });
    await listener.began.promise;
    const changes = Array.from({ length: 12_000 }, (_, n) => ({
      name: `refs/notes/${n}`,
      oldOid: ZEROS,
      newOid: ONES,
    }));
    await server.record({ ...moved("a", ""), changes });
    const last = await server.record(moved("b", "refs/notes/1"));
    expect(last.sequence).toBe(12_001n);
    while (listener.ids.length < 12_000) await Promise.resolve();
    await listener.stop();
    expect(listener.ids.at(-1)).toBe(12_000n);
  });

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    test(`tells every event once and in order, whoever comes, goes and comes back (seed ${seed})`, async () => {
      const dice = new Dice(seed);
      await using server = new Server(dice.chance(0.5) ? 20 : 100_000);
      const repositories = ["a", "b", "c"];
      const expected = new Map<string, bigint[]>(repositories.map((name) => [name, []]));
      const all: bigint[] = [];
      const readers = Array.from({ length: 8 }, (_, n) => ({
        selection: n < 2 ? {} : { repositories: [at(repositories[n % 3]!)] },
        wants: n < 2 ? all : expected.get(repositories[n % 3]!)!,
        told: [] as bigint[],
        listener: undefined as Listener | undefined,
      }));
      let open: ChangeEvent[] = [];
      const settle = (event: ChangeEvent) => {
        const isDone = dice.chance(0.8);
        server.journal[isDone ? "done" : "dropped"](event);
        if (!isDone) return;
        const count = event.count ?? 1;
        for (let id = event.sequence; id < event.sequence + BigInt(count); id++) {
          all.push(id);
          expected.get(event.repository.relativePath.replace(".git", ""))!.push(id);
        }
      };
      const leave = async (reader: (typeof readers)[number]) => {
        await reader.listener?.stop();
        reader.told.push(...(reader.listener?.ids ?? []));
        reader.listener = undefined;
      };
      for (let step = 0; step < 400; step++) {
        const what = dice.below(10);
        const reader = readers[dice.below(readers.length)]!;
        if (what < 4) {
          const ref = dice.chance(0.5) ? "refs/heads/main" : `refs/notes/${step}`;
          const work = server.journal.begin(at("a"));
          const { event, flushed } = server.journal.prepare(moved(repositories[dice.below(3)]!, ref));
          await flushed;
          open.push(event);
          server.journal.end(work);
        } else if (what < 7 && open.length > 0) settle(open.splice(dice.below(open.length), 1)[0]!);
        else if (what === 7 && reader.listener === undefined) {
          reader.listener = new Listener(server.log, { ...reader.selection, since: reader.told.at(-1) ?? 0n });
        } else if (what === 8) await leave(reader);
        else if (what === 9 && dice.chance(0.1)) {
          for (const event of open) settle(event);
          open = [];
          for (const each of readers) await leave(each);
          await server.restart();
        }
        if (dice.chance(0.2)) await new Promise((resolve) => setImmediate(resolve));
      }
      for (const event of open) settle(event);
      for (const each of readers) {
        await leave(each);
        each.listener = new Listener(server.log, { ...each.selection, since: each.told.at(-1) ?? 0n });
        while (each.told.length + each.listener.ids.length < each.wants.length) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        await leave(each);
        expect(each.told).toEqual(each.wants.toSorted((a, b) => (a < b ? -1 : 1)));
      }
    });
  }
});
