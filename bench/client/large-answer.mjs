// One large answer in a process of its own; its task comes from stdin.
// Prints one line of JSON: how long it took, how much memory the process held at most above what it held when idle, and what came; and the
// memory once more for the same answer again: the first one makes the collector's heap as large as it likes to have it.
import { readFileSync, writeFileSync } from "node:fs";
import { GitalyClient } from "@holdfast/client";
import { bareClient } from "./bare-client.mjs";

const { address, storage, relativePath, call, way, request, warmUp } = JSON.parse(readFileSync(0, "utf8"));
const repo = { storage, relativePath };
const repository = { storageName: storage, relativePath };

/** Resident memory now and at most (proc(5): VmRSS, VmHWM), bytes. */
function memory(field) {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "latin1"))[1];
  return Number(kib) * 1024;
}

/** The highest mark of memory falls to what is held now (proc(5): clear_refs). */
const resetPeak = () => writeFileSync("/proc/self/clear_refs", "5");

/** Counts what an answer holds, without holding any of it. */
const sizeOf = (item) => item.patch?.length ?? (item instanceof Uint8Array ? item.length : 1);

async function viaAdapter(git, request) {
  const answer = git[call](repo, request);
  if (answer[Symbol.asyncIterator] === undefined) {
    const whole = await answer;
    return Array.isArray(whole) ? whole.reduce((sum, item) => sum + sizeOf(item), 0) : whole.length;
  }
  let size = 0;
  for await (const item of answer) size += sizeOf(item);
  return size;
}

const git = new GitalyClient({ address });
const bare = bareClient(address, { keep: way !== "drain" });
const ask = way === "adapter" ? (given) => viaAdapter(git, given) : (given) => bare[call]({ repository, ...given });
// Code is compiled and the heap as large as small answers make it: that is "idle".
for (let n = 0; n < 200; n++) await ask(warmUp);
globalThis.gc?.();
const idleBytes = memory("VmRSS");
resetPeak();
const startedMs = performance.now();
const size = await ask(request);
const elapsedMs = performance.now() - startedMs;
const peakBytes = memory("VmHWM") - idleBytes;
globalThis.gc?.();
const heldBytes = memory("VmRSS");
resetPeak();
await ask(request);
const againBytes = memory("VmHWM") - heldBytes;
git.close();
bare.close();
process.stdout.write(
  `${JSON.stringify({ elapsedMs, peakBytes, againBytes, size: typeof size === "number" ? size : undefined })}\n`,
);
