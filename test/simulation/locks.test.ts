import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { hasReason } from "../../src/domain/errors.ts";
import { LockTable } from "../../src/storage/lock-table.ts";
import { RepositoryLocks } from "../../src/storage/repository-locks.ts";
import { Dice } from "../support/dice.ts";

const KEYS = ["default\0a", "default\0b", "default\0c"];
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** Who is inside, by key; throws when the rule of the lock is broken. */
class Inside {
  readonly #readers = new Map<string, number>();
  readonly #writers = new Set<string>();

  enter(key: string, side: "shared" | "exclusive"): void {
    if (this.#writers.has(key)) throw new Error(`${side} beside a writer`);
    if (side === "shared") this.#readers.set(key, (this.#readers.get(key) ?? 0) + 1);
    else if ((this.#readers.get(key) ?? 0) > 0) throw new Error("a writer beside readers");
    else this.#writers.add(key);
  }

  leave(key: string, side: "shared" | "exclusive"): void {
    if (side === "exclusive") this.#writers.delete(key);
    else this.#readers.set(key, this.#readers.get(key)! - 1);
  }
}

describe("locks under seeded concurrency", () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`seed ${seed}: the rule holds between threads, everybody comes to his turn, nothing is left held`, async () => {
      const dice = new Dice(seed);
      const table = new LockTable();
      const threads = [0, 1, 2].map(
        (thread) => new RepositoryLocks(new LockTable(table.buffer, thread), { timeoutMs: 10_000 }),
      );
      const inside = new Inside();
      const counts = { entered: 0, canceled: 0 };
      const agent = async () => {
        for (let turn = 0; turn < 40; turn++) {
          const key = dice.pick(KEYS);
          const side = dice.chance(0.3) ? "exclusive" : "shared";
          const controller = new AbortController();
          const hold = dice.pick(threads)[side](key, { signal: controller.signal });
          const impatient = dice.chance(0.2);
          if (impatient) void tick().then(() => controller.abort());
          try {
            const release = hold instanceof Promise ? await hold : hold;
            inside.enter(key, side);
            counts.entered++;
            for (let wait = dice.below(3); wait > 0; wait--) await tick();
            inside.leave(key, side);
            release();
          } catch (error) {
            if (!impatient || !hasReason(error, "canceled")) throw error;
            counts.canceled++;
          }
        }
      };
      await Promise.all(Array.from({ length: 24 }, agent));
      expect(counts.entered + counts.canceled).toBe(24 * 40);
      for (const locks of threads) {
        for (const key of KEYS) {
          const hold = locks.exclusive(key);
          expect(hold).toBeFunction();
          if (typeof hold === "function") hold();
        }
      }
    });
  }

  test("workers count together what only one may count at a time, and a killed one's locks are free", async () => {
    const table = new LockTable();
    const counter = new SharedArrayBuffer(8);
    const start = (thread: number, turns: number) =>
      new Worker(new URL("./lock-worker.ts", import.meta.url), {
        workerData: { buffer: table.buffer, counter, thread, turns },
      });
    const workers = [1, 2, 3].map((thread) => start(thread, 300));
    const codes = workers.map((worker) => once(worker, "exit"));
    const cell = new Int32Array(counter);
    const locks = new RepositoryLocks(table, { timeoutMs: 20_000 });
    for (let turn = 0; turn < 300; turn++) {
      const release = await locks.exclusive(KEYS[0]!);
      // Not atomic on purpose: two at once would lose counts.
      const value = cell[0]!;
      await tick();
      cell[0] = value + 1;
      release();
    }
    for (const code of await Promise.all(codes)) expect(code[0]).toBe(0);
    expect(cell[0]).toBe(1200);
    const holder = start(4, -1);
    await once(holder, "message");
    const waiting = locks.exclusive(KEYS[0]!);
    expect(waiting).toBeInstanceOf(Promise);
    await holder.terminate();
    locks.releaseHolder(4);
    (await waiting)();
  }, 30_000);
});
