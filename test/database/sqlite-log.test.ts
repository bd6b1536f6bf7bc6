import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Database as SqliteFile } from "bun:sqlite";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "../../src/database/database.ts";
import { LOG_PAGES_MAX } from "../../src/database/sqlite-log.ts";
import { failureOf } from "../support/failure-of.ts";

const setting = (name: string, value = "") => ({ name, value });

/** A disk whose flushes end when the test says so. */
class SlowDisk {
  readonly #asked: PromiseWithResolvers<void>[] = [];
  isSlow = false;
  flushes = 0;

  readonly sync = (): Promise<void> => {
    this.flushes++;
    if (!this.isSlow) return Promise.resolve();
    const asked = Promise.withResolvers<void>();
    this.#asked.push(asked);
    return asked.promise;
  };

  /** The flush that runs ends, or fails. */
  end(error?: Error): void {
    const asked = this.#asked.shift()!;
    if (error === undefined) asked.resolve();
    else asked.reject(error);
  }
}

describe("SqliteLog", () => {
  let directory: string;
  let file: string;
  let disk: SlowDisk;
  let database: Database;
  const failures: unknown[] = [];
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "holdfast-log-"));
    file = join(directory, "holdfast.db");
    disk = new SlowDisk();
    database = await openDatabase({ file }, { sync: disk.sync, onIdleError: (error) => failures.push(error) });
  });
  afterEach(async () => {
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const write = (name: string, value?: string) =>
    database.run((db) => db.insertInto("settings").values(setting(name, value)).execute());
  const read = () => database.run((db) => db.selectFrom("settings").select("name").orderBy("name").execute());

  test("a write waits for the disk, and whoever reads meanwhile does not", async () => {
    disk.isSlow = true;
    let isWritten = false;
    const written = write("a").then(() => (isWritten = true));
    expect(await read()).toEqual([{ name: "a" }]);
    expect(isWritten).toBe(false);
    disk.end();
    await written;
  });

  test("writes at once share a flush; what is written while one runs waits for the next", async () => {
    disk.isSlow = true;
    const before = disk.flushes;
    const first = write("a");
    await read();
    const others = ["b", "c", "d"].map((name) => write(name));
    await read();
    expect(disk.flushes - before).toBe(1);
    disk.end();
    await first;
    expect(disk.flushes - before).toBe(2);
    disk.end();
    await Promise.all(others);
    expect(disk.flushes - before).toBe(2);
  });

  test("a transaction is flushed once, one that only reads never", async () => {
    const before = disk.flushes;
    await database.transaction(async (db) => {
      await db.insertInto("settings").values(setting("a")).execute();
      await db.insertInto("settings").values(setting("b")).execute();
    });
    expect(disk.flushes - before).toBe(1);
    await database.transaction((db) => db.selectFrom("settings").selectAll().execute());
    expect(disk.flushes - before).toBe(1);
  });

  test("after a flush that failed nothing is written any more, and the server says that it is not well", async () => {
    disk.isSlow = true;
    const written = write("a");
    await read();
    disk.end(new Error("EIO"));
    expect(await failureOf(written)).toMatchObject({ reason: "database_unavailable" });
    expect(await failureOf(write("b"))).toMatchObject({ reason: "database_unavailable" });
    expect(await failureOf(database.check())).toMatchObject({ reason: "database_unavailable" });
    expect(await read()).toEqual([{ name: "a" }]);
  });

  const megabyte = "x".repeat(1024 * 1024);
  const bytesOf = (name: string) => statSync(name).size;

  test("a thread copies the log's pages into the file, while nobody writes too", async () => {
    const bytes = 2 * LOG_PAGES_MAX * 4096;
    for (let left = bytes; left > 0; left -= megabyte.length) await write(`${left}`, megabyte);
    const deadlineMs = Date.now() + 20_000;
    // The thread tells nobody. SQLite itself has copied nothing yet: it would at four times as much.
    while (bytesOf(file) < bytes / 2 && Date.now() < deadlineMs) await Bun.sleep(5);
    expect(bytesOf(file)).toBeGreaterThanOrEqual(bytes / 2);
    expect(failures).toEqual([]);
  });

  test("the log does not grow for ever under writes that never pause", async () => {
    for (let left = 64; left > 0; left--) await write(`${left}`, megabyte);
    expect(bytesOf(`${file}-wal`)).toBeLessThan(40 * 1024 * 1024);
    expect(failures).toEqual([]);
    const copy = new SqliteFile(file, { readonly: true });
    expect(copy.query("pragma integrity_check").values()).toEqual([["ok"]]);
    copy.close();
  });
});
