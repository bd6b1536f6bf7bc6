import { describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventBus } from "../../src/events/event-bus.ts";
import { Journal } from "../../src/events/journal.ts";
import type { ChangeEvent, ChangeFacts } from "../../src/events/journal-record.ts";
import { Dice } from "../support/dice.ts";
import { FakeClock } from "../support/fake-clock.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const REPOSITORY = { storage: "default", relativePath: "a.git" };

function facts(name: string): ChangeFacts {
  return {
    repository: REPOSITORY,
    // Neither a branch nor a tag: one event follows, so that the changes have the numbers 1, 2, 3.
    changes: [{ name: `refs/notes/${name}`, oldOid: "0".repeat(40), newOid: "1".repeat(40) }],
    door: "gitaly",
    requestId: "r",
  };
}

class Setting {
  readonly directory = mkdtempSync(join(tmpdir(), "holdfast-journal-"));
  readonly clock = new FakeClock();
  readonly told: bigint[] = [];
  segmentBytesMax = 1024 * 1024;

  open(): Journal {
    const bus = new EventBus(() => {});
    bus.subscribe(({ sequence }) => this.told.push(sequence));
    const { directory, clock, segmentBytesMax } = this;
    return Journal.open({ directory, keepDays: 30, clock, bus, segmentBytesMax });
  }

  /** The file that is written to. */
  newest(): string {
    return join(this.directory, readdirSync(this.directory).sort().at(-1)!);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function record(journal: Journal, name: string): Promise<ChangeEvent> {
  const work = journal.begin(REPOSITORY);
  const { event, flushed } = journal.prepare(facts(name));
  await flushed;
  journal.done(event);
  journal.end(work);
  return event;
}

async function sequences(journal: Journal, since = 0n): Promise<bigint[]> {
  const found: bigint[] = [];
  for await (const { sequence } of journal.read(since)) found.push(sequence);
  return found;
}

/** What a process that is killed leaves: the files as they are. */
const kill = (journal: Journal) => void journal;

describe("Journal", () => {
  test("gives back what was recorded, bytes included, after a restart too", async () => {
    using setting = new Setting();
    const journal = setting.open();
    const name = 'b\xff\u00e9 "quoted"';
    await record(journal, name);
    await journal.close();
    const again = setting.open();
    const events: ChangeEvent[] = [];
    for await (const event of again.read(0n)) events.push(event);
    expect(events).toEqual([{ ...facts(name), sequence: 1n, count: 1, atMs: setting.clock.nowMs() }]);
    expect((await record(again, "c")).sequence).toBe(2n);
    expect(await sequences(again, 1n)).toEqual([2n]);
    expect(again.unfinished).toEqual({ changes: [], works: [] });
    await again.close();
  });

  test("tells in order of the numbers, and only what is done", async () => {
    using setting = new Setting();
    const journal = setting.open();
    const [a, b, c] = ["a", "b", "c"].map((name) => journal.prepare(facts(name)));
    await Promise.all([a, b, c].map((each) => each!.flushed));
    journal.done(c!.event);
    journal.done(c!.event);
    expect([setting.told, await sequences(journal)]).toEqual([[], []]);
    journal.dropped(b!.event);
    expect([setting.told, await sequences(journal)]).toEqual([[], []]);
    journal.done(a!.event);
    expect([setting.told, await sequences(journal)]).toEqual([
      [1n, 3n],
      [1n, 3n],
    ]);
    await journal.close();
  });

  test("remembers what a crash left open, until it is settled", async () => {
    using setting = new Setting();
    const first = setting.open();
    await record(first, "done");
    const work = first.begin(REPOSITORY);
    const { event, flushed } = first.prepare(facts("open"));
    await flushed;
    kill(first);
    for (let start = 0; start < 2; start++) {
      const journal = setting.open();
      expect(journal.unfinished).toEqual({ changes: [event], works: [work] });
      kill(journal);
    }
    const journal = setting.open();
    journal.done(event);
    journal.end(work);
    expect((await record(journal, "next")).sequence).toBe(3n);
    expect(await sequences(journal)).toEqual([1n, 2n, 3n]);
    await journal.close();
    expect(setting.open().unfinished).toEqual({ changes: [], works: [] });
  });

  test("loses only what was never flushed when its end is torn at any byte", async () => {
    using setting = new Setting();
    const journal = setting.open();
    for (const name of ["a", "b", "c"]) await record(journal, name);
    await journal.close();
    const whole = readFileSync(setting.newest());
    const dice = new Dice(1);
    for (let round = 0; round < 60; round++) {
      const cut = dice.below(whole.length + 1);
      const torn = Buffer.concat([
        whole.subarray(0, cut),
        Buffer.alloc(dice.below(3) * 100, dice.chance(0.5) ? 0 : 0xff),
      ]);
      if (dice.chance(0.5) && cut > 0) torn[dice.below(cut)]! ^= 0x10;
      writeFileSync(setting.newest(), torn);
      const again = setting.open();
      const before = await sequences(again);
      expect(before).toEqual([1n, 2n, 3n].slice(0, before.length));
      for (const event of again.unfinished.changes) again.dropped(event);
      const { sequence } = await record(again, "new");
      expect(sequence).toBeGreaterThan(before.at(-1) ?? 0n);
      await again.close();
      const last = setting.open();
      expect(await sequences(last)).toEqual([...before, sequence]);
      await last.close();
      for (const name of readdirSync(setting.directory)) rmSync(join(setting.directory, name));
      writeFileSync(join(setting.directory, "00000000000000000001-0000.journal"), whole);
    }
  });

  test("goes on in new segments, and carries over what is open", async () => {
    using setting = new Setting();
    setting.segmentBytesMax = 2000;
    const journal = setting.open();
    const work = journal.begin(REPOSITORY);
    const { event, flushed } = journal.prepare(facts("open"));
    await flushed;
    for (let at = 0; at < 30; at++) await record(journal, `b${at}`);
    expect(readdirSync(setting.directory).length).toBeGreaterThan(3);
    expect(await sequences(journal)).toEqual([]);
    kill(journal);
    const again = setting.open();
    expect(again.unfinished).toEqual({ changes: [event], works: [work] });
    again.done(event);
    const all = Array.from({ length: 31 }, (_, at) => BigInt(at + 1));
    expect(await sequences(again)).toEqual(all);
    for (const since of [5n, 17n, 30n, 31n]) expect(await sequences(again, since)).toEqual(all.slice(Number(since)));
    await again.close();
  });

  test("forgets what is older than it must be kept, and never a number", async () => {
    using setting = new Setting();
    const journal = setting.open();
    for (let day = 0; day < 40; day++) {
      await record(journal, `day${day}`);
      setting.clock.advance(DAY_MS);
    }
    const kept = await sequences(journal);
    expect(kept.at(-1)).toBe(40n);
    expect(kept.length).toBeGreaterThanOrEqual(30);
    expect(kept.length).toBeLessThan(33);
    await journal.close();
    setting.clock.advance(100 * DAY_MS);
    const again = setting.open();
    await record(again, "late");
    setting.clock.advance(31 * DAY_MS);
    await record(again, "later");
    expect(await sequences(again)).toEqual([41n, 42n]);
    await again.close();
  });

  test("shares flushes among those who wait at once", async () => {
    using setting = new Setting();
    const journal = setting.open();
    const events = await Promise.all(Array.from({ length: 200 }, (_, at) => record(journal, `b${at}`)));
    expect(new Set(events.map(({ sequence }) => sequence)).size).toBe(200);
    expect(await sequences(journal)).toEqual(Array.from({ length: 200 }, (_, at) => BigInt(at + 1)));
    expect(setting.told).toHaveLength(200);
    await journal.close();
  });

  test("starts anew behind a segment that was never finished being made", async () => {
    using setting = new Setting();
    const journal = setting.open();
    await record(journal, "a");
    await journal.close();
    for (const content of ["", "\0\0\0\0\0\0"]) {
      appendFileSync(join(setting.directory, "00000000000000000002-0000.journal"), content);
      const again = setting.open();
      const { sequence } = await record(again, "b");
      expect((await sequences(again)).at(-1)).toBe(sequence);
      await again.close();
    }
    truncateSync(setting.newest(), 0);
    const last = setting.open();
    expect((await record(last, "c")).sequence).toBeGreaterThan(0n);
    await last.close();
  });
});
