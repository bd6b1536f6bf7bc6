import { describe, expect, test } from "bun:test";
import { LockTable } from "../../src/storage/lock-table.ts";
import { type Release, RepositoryLocks } from "../../src/storage/repository-locks.ts";
import { failureOf } from "../support/failure-of.ts";

const KEY = "default\0a.git";

function make(table = new LockTable(), timeoutMs = 5000): RepositoryLocks {
  return new RepositoryLocks(table, { timeoutMs });
}

function now(hold: Release | Promise<Release>): Release {
  if (hold instanceof Promise) throw new Error("expected the lock at once");
  return hold;
}

/** Notes when a hold is given. */
function follow(hold: Release | Promise<Release>): { given: boolean; hold: Promise<Release> } {
  const followed = { given: false, hold: Promise.resolve(hold) };
  void followed.hold.then(
    () => (followed.given = true),
    () => {},
  );
  return followed;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("RepositoryLocks", () => {
  test("gives an uncontended lock without a promise", () => {
    const locks = make();
    const first = now(locks.shared(KEY));
    const second = now(locks.shared(KEY));
    first();
    first();
    second();
    now(locks.exclusive(KEY))();
    now(locks.exclusive(KEY))();
  });

  test("a writer waits for readers, and readers that come after him wait for the writer", async () => {
    const locks = make();
    const reader = now(locks.shared(KEY));
    const writer = follow(locks.exclusive(KEY));
    const late = follow(locks.shared(KEY));
    await settle();
    expect([writer.given, late.given]).toEqual([false, false]);
    reader();
    await settle();
    expect([writer.given, late.given]).toEqual([true, false]);
    (await writer.hold)();
    await settle();
    expect(late.given).toBe(true);
    (await late.hold)();
  });

  test("serves in the order of arrival, neighbouring readers together", async () => {
    const locks = make();
    const holder = now(locks.exclusive(KEY));
    const order: string[] = [];
    const run = async (name: string, side: "shared" | "exclusive") => {
      const release = await locks[side](KEY);
      order.push(`+${name}`);
      await settle();
      order.push(`-${name}`);
      release();
    };
    const all = [
      run("w1", "exclusive"),
      run("r1", "shared"),
      run("r2", "shared"),
      run("w2", "exclusive"),
      run("r3", "shared"),
    ];
    holder();
    await Promise.all(all);
    expect(order).toEqual(["+w1", "-w1", "+r1", "+r2", "-r1", "-r2", "+w2", "-w2", "+r3", "-r3"]);
  });

  test("who waits can be called off, and stands in nobody's way then", async () => {
    const locks = make();
    const reader = now(locks.shared(KEY));
    const controller = new AbortController();
    const writer = Promise.resolve(locks.exclusive(KEY, { signal: controller.signal }));
    const late = follow(locks.shared(KEY));
    await settle();
    expect(late.given).toBe(false);
    controller.abort();
    expect(await failureOf(writer)).toMatchObject({ reason: "canceled" });
    await settle();
    expect(late.given).toBe(true);
    reader();
    (await late.hold)();
    now(locks.exclusive(KEY))();
    expect(
      await failureOf(
        Promise.resolve(make(locks.table).exclusive(KEY)).then((release) => {
          release();
          throw new Error("given");
        }),
      ),
    ).toMatchObject({ message: "given" });
  });

  test("who waits too long is told so", async () => {
    const locks = make();
    const holder = now(locks.exclusive(KEY));
    const late = Promise.resolve(locks.shared(KEY, { timeoutMs: 10 }));
    expect(await failureOf(late)).toMatchObject({ reason: "repository_locked", details: { repository: "a.git" } });
    holder();
    now(locks.shared(KEY))();
  });

  test("several at once are taken in one order", async () => {
    const locks = make();
    const keys = ["default\0a", "default\0b", "default\0c"];
    const done: number[] = [];
    const run = async (id: number, wanted: string[]) => {
      const release = await locks.exclusiveAll(wanted);
      await settle();
      done.push(id);
      release();
    };
    await Promise.all([run(1, keys), run(2, keys.toReversed()), run(3, [keys[1]!, keys[1]!, keys[0]!])]);
    expect(done.toSorted()).toEqual([1, 2, 3]);
  });

  test("holds between threads, and a thread's turn comes", async () => {
    const table = new LockTable();
    const ours = make(table);
    const theirs = make(new LockTable(table.buffer, 1));
    const first = now(ours.exclusive(KEY));
    const foreign = follow(theirs.exclusive(KEY));
    const own = follow(ours.exclusive(KEY));
    await settle();
    expect([foreign.given, own.given]).toEqual([false, false]);
    first();
    // Ours has waited as long, but has just had it.
    (await foreign.hold)();
    (await own.hold)();
    const readers = [now(ours.shared(KEY)), now(theirs.shared(KEY))];
    const writer = follow(theirs.exclusive(KEY));
    readers[1]!();
    await settle();
    expect(writer.given).toBe(false);
    readers[0]!();
    (await writer.hold)();
  });

  test("what a dead thread held is free again", async () => {
    const table = new LockTable();
    const ours = make(table);
    const dead = make(new LockTable(table.buffer, 3));
    now(dead.exclusive(KEY));
    const reader = follow(ours.shared(KEY));
    now(dead.shared("default\0b.git"));
    const writer = follow(ours.exclusive("default\0b.git"));
    await settle();
    expect([reader.given, writer.given]).toEqual([false, false]);
    ours.releaseHolder(3);
    (await reader.hold)();
    (await writer.hold)();
  });
});
