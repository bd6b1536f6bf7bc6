// The addon's JavaScript side, run by `make check` under Node.js with the sanitized build: node test/addon.mjs ADDON
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const addonPath = isMainThread ? process.argv[2] : workerData.addonPath;
const addon = createRequire(import.meta.url)(addonPath);

if (!isMainThread) {
  // Keeps jobs in flight until it is terminated.
  const work = () => addon.treeList(workerData.gitDir, undefined, workerData.head, true, "", "", 1 << 20).then(work, () => {});
  for (let i = 0; i < 8; i++) work();
  workerData.port?.postMessage("busy");
} else {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-addon-"));
  const gitDir = join(directory, "repository.git");
  const git = (args, input) => execFileSync("git", ["-C", gitDir, ...args], { input }).toString().trim();
  try {
    execFileSync("git", ["init", "-q", "--bare", "--initial-branch=main", "--template=", gitDir]);
    const files = Array.from({ length: 2000 }, (_, i) => `M 100644 inline d${i % 20}/f${i}\ndata ${String(i).length}\n${i}\n`);
    const big = "x".repeat(3_000_000);
    const commit = `commit refs/heads/main\ncommitter A <a@b> 1700000000 +0000\ndata 1\nm\n`;
    git(["fast-import", "--quiet"], `${commit}${files.join("")}M 100644 inline big\ndata ${big.length}\n${big}\n`);
    const head = git(["rev-parse", "main"]);

    await answers(gitDir, head, big);
    await failures(gitDir, directory, head);
    await cancels(gitDir, head);
    await writes(gitDir, directory, head);
    await terminates(gitDir, head);
    process.stdout.write("the addon's JavaScript side: ok\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function answers(gitDir, head, big) {
  assert.equal(addon.resolveSync(gitDir, undefined, "main", 1), head);
  assert.equal(await addon.resolve(gitDir, undefined, "main", 1), head);
  const bigOid = addon.resolveSync(gitDir, undefined, "main:big", 0);
  assert.equal(addon.objectReadSync(gitDir, undefined, bigOid, undefined), null);
  const [header, content] = await addon.objectRead(gitDir, undefined, bigOid, undefined);
  assert.equal(header, big.length * 8 + 3);
  assert.equal(content.toString("latin1"), big);
  const [, blob] = await addon.blobOpen(gitDir, undefined, bigOid);
  assert.equal((await addon.blobRead(blob, 100)).length, 100);
  const reading = addon.blobRead(blob, big.length);
  assert.throws(() => addon.blobRead(blob, 1), TypeError);
  addon.blobClose(blob);
  assert.equal((await reading).length, big.length - 100);
  assert.throws(() => addon.blobRead(blob, 1), TypeError);
  assert.equal((await addon.blobOpen(gitDir, undefined, bigOid)).length, 2);
  assert.equal((await addon.objectRead(gitDir, undefined, bigOid, 10)).length, 18);
  const many = await Promise.all(Array.from({ length: 500 }, () => addon.treeEntry(gitDir, undefined, 0, head, "d3/f1003")));
  assert.equal(new Set(many).size, 1);
  assert.match(many[0], /^100644 [0-9a-f]{40}$/);
  const file = await addon.fileRead(gitDir, undefined, 0, head, "d3/f1003", undefined);
  const seen = addon.packsGeneration(gitDir);
  assert.deepEqual(addon.fileReadSync(gitDir, undefined, seen, head, "d3/f1003", undefined), file);
  assert.equal(file.toString("latin1", 12, 52), many[0].slice(7));
  assert.equal(addon.fileReadSync(gitDir, undefined, seen, head, "d3", undefined).length, 52);
  assert.equal(addon.fileReadSync(gitDir, undefined, seen, head, "d3/none", undefined), undefined);
  assert.throws(() => addon.fileReadSync(gitDir, undefined, "1", head, "d3", undefined), TypeError);
  assert.equal(await addon.objectInfo(gitDir, undefined, "0".repeat(40)), undefined);
}

async function failures(gitDir, directory, head) {
  await assert.rejects(addon.resolve(directory, undefined, "main", 0), { code: "no_repository" });
  assert.throws(() => addon.resolveSync(directory, undefined, "main", 0), { code: "no_repository" });
  await assert.rejects(addon.resolve(gitDir, undefined, "main@{1}", 0), { code: "unsupported" });
  await assert.rejects(addon.objectWrite(gitDir, undefined, "blob", Buffer.from("x")), { code: "invalid" });
  for (const wrong of [
    () => addon.resolve(),
    () => addon.resolve("", undefined, "main", 0),
    () => addon.resolve("a\0b", undefined, "main", 0),
    () => addon.resolve(gitDir, 5, "main", 0),
    () => addon.resolve(gitDir, undefined, "main", 17),
    () => addon.objectInfo(gitDir, undefined, "zz"),
    () => addon.objectInfo(gitDir, undefined, "g".repeat(40)),
    () => addon.objectReadMany(gitDir, undefined, Buffer.alloc(21), 1),
    () => addon.objectWrite(gitDir, undefined, "nonsense", Buffer.alloc(0)),
    () => addon.objectWrite(gitDir, undefined, "blob", "text"),
    () => addon.treeList(gitDir, undefined, head, 1, "", "", 1),
    () => addon.blobRead({}, 0),
    () => addon.configure(),
  ]) {
    assert.throws(wrong, TypeError, String(wrong));
  }
}

async function cancels(gitDir, head) {
  const jobs = Array.from({ length: 300 }, () => {
    const promise = addon.treeList(gitDir, undefined, head, true, "", "", 1 << 20);
    addon.cancel(addon.lastJob());
    return promise.then(
      () => "done",
      (error) => error.code,
    );
  });
  const outcomes = await Promise.all(jobs);
  assert.ok(outcomes.includes("cancelled"));
  assert.ok(outcomes.every((outcome) => outcome === "cancelled" || outcome === "done"));
}

async function writes(gitDir, directory, head) {
  await addon.flushFileSystem(directory);
  await assert.rejects(addon.flushFileSystem(join(directory, "none")), { code: "os", errno: "ENOENT" });
  const quarantine = join(directory, "quarantine");
  mkdirSync(quarantine);
  const oids = await Promise.all(
    Array.from({ length: 100 }, (_, i) => addon.objectWrite(gitDir, quarantine, "blob", Buffer.from(`content ${i}`))),
  );
  assert.equal(new Set(oids).size, 100);
  const empty = addon.objectWriteSync(gitDir, quarantine, "blob", new Uint8Array());
  assert.equal(empty, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  assert.equal(addon.treeEditSync(gitDir, quarantine, head, new Uint8Array()), addon.resolveSync(gitDir, undefined, "main", 2));
  await addon.quarantineMaterialize(gitDir, quarantine);
  await addon.quarantineMigrate(gitDir, quarantine);
  await addon.quarantineDiscard(gitDir, quarantine);
  for (const oid of oids) assert.notEqual(addon.objectInfoSync(gitDir, undefined, oid), undefined);
  addon.forget(gitDir);
  addon.reap();
  assert.equal(addon.usage()[1], 0);
}

/** Workers are terminated with jobs in flight; the process must survive, and the addon with it. */
async function terminates(gitDir, head) {
  for (let round = 0; round < 5; round++) {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(new URL(import.meta.url), { workerData: { addonPath, gitDir, head, port: port2 }, transferList: [port2] });
    await new Promise((resolve) => port1.once("message", resolve));
    await worker.terminate();
    port1.close();
    assert.equal(await addon.resolve(gitDir, undefined, "main", 1), head);
  }
}
