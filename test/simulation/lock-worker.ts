// A thread of the simulation of locks: counts under the lock, or takes it and never gives it back.
import { parentPort, workerData } from "node:worker_threads";
import { LockTable } from "../../src/storage/lock-table.ts";
import { RepositoryLocks } from "../../src/storage/repository-locks.ts";

const KEY = "default\0a";
const { buffer, counter, thread, turns } = workerData as {
  buffer: SharedArrayBuffer;
  counter: SharedArrayBuffer;
  thread: number;
  turns: number;
};

const locks = new RepositoryLocks(new LockTable(buffer, thread), { timeoutMs: 20_000 });
const cell = new Int32Array(counter);

for (let turn = 0; turn < turns; turn++) {
  const release = await locks.exclusive(KEY);
  const value = cell[0]!;
  await new Promise((resolve) => setImmediate(resolve));
  cell[0] = value + 1;
  release();
}
if (turns < 0) {
  await locks.exclusive(KEY);
  parentPort?.postMessage("held");
  setInterval(() => {}, 1000);
} else {
  process.exit(0);
}
