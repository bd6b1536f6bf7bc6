import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  applyStash,
  closeSession,
  openSession,
  readSessionFile,
  saveStash,
  stage,
  stagePatch,
  writeSessionFile,
} from "../../src/operations/index.ts";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { failureOf } from "../support/failure-of.ts";
import { failure } from "../support/read-story.ts";
import { onBothBackends } from "../support/session-story.ts";
import { runGit } from "../support/temporary-repository.ts";
import { TemporaryStore } from "../support/temporary-store.ts";

const DISK_BYTES = 4 * 1024 * 1024;
const BLOCK = Buffer.alloc(4096);

/** Runs with a small file system of its own; tells why when this account may not make one. */
async function withSmallDisk(
  run: (directory: string) => Promise<void>,
  directory = mkdtempSync(join(tmpdir(), "holdfast-disk-")),
): Promise<void> {
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", directory]);
  try {
    if (mounted.status === 0) await run(directory);
    else process.stderr.write(`not tested: a full disk needs the right to mount one: ${String(mounted.stderr)}`);
  } finally {
    if (mounted.status === 0) spawnSync("umount", ["-l", directory]);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Fills the disk but for so many bytes; returns what frees it again. */
function fill(directory: string, freeBytes: number): () => void {
  const file = join(directory, "filler");
  const fd = openSync(file, "w");
  let filledBytes = 0;
  try {
    for (;;) filledBytes += writeSync(fd, BLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    ftruncateSync(fd, filledBytes - freeBytes);
  } finally {
    closeSync(fd);
  }
  return () => rmSync(file);
}

describe("a disk that is full", () => {
  for (const { name, open } of BACKENDS_UNDER_TEST.filter((each) => each.name !== "routed")) {
    test(`fails changes with disk_full on ${name}, keeps what was there, and all is well when there is space again`, async () => {
      await withSmallDisk(async (directory) => {
        const store = await TemporaryStore.open({ directory, wrap: open });
        try {
          const gitDir = await store.create("a.git");
          let tip = await store.commit("a.git", "main", "first");
          // From nothing at all, where not even the journal takes a record, to some space, which runs out on the way.
          for (const freeBytes of [0, 4096, 16_384, 65_536]) {
            const free = fill(directory, freeBytes);
            const refused = await failureOf(commitUntilFull(store));
            expect(refused).toMatchObject({ reason: "disk_full" });
            expect(await failureOf(createUntilFull(store, freeBytes))).toMatchObject({ reason: "disk_full" });
            const read = await store.with("a.git", ({ git, view }) => git.refs.read(view, "refs/heads/main"));
            tip = read!.oid;
            free();
            await runGit(gitDir, ["fsck", "--strict", "--no-dangling", "--no-progress"]);
            expect((await runGit(gitDir, ["rev-parse", "main"])).toString().trim()).toBe(tip);
            expect(
              readdirSync(gitDir, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".lock")),
            ).toEqual([]);
            expect(readdirSync(join(store.root, "+holdfast/quarantine"))).toEqual([]);
            tip = await store.commit("a.git", "main", `after ${freeBytes}`);
          }
          let journalled = "";
          for await (const { changes } of store.journal.read(0n)) journalled = changes.at(-1)!.newOid;
          expect(journalled).toBe(tip);
          expect(existsSync(join(gitDir, "HEAD"))).toBe(true);
        } finally {
          await store.close();
        }
      });
    }, 60_000);
  }
});

describe("a disk of sessions that is full", () => {
  onBothBackends("fails changes with disk_full, and keeps what was there", async (story) => {
    await story.git.commit({ files: { "a.txt": "a\n", "b.txt": "b\n" } });
    await withSmallDisk(
      async (directory) => {
        const { id: session } = await story.run(openSession, { branch: "main", checkout: "full" });
        const write = (path: string, content: string) =>
          story.run(writeSessionFile, { session, path, content: Buffer.from(content) });
        const large = randomBytes(64 * 1024).toString("hex");
        await write("large", large);
        const stash = (await story.run(saveStash, { session, includeUntracked: true })).id;
        await write("a.txt", "changed\n");
        const free = fill(directory, 4096);
        const patch = Buffer.from("--- /dev/null\n+++ b/p\n@@ -0,0 +1 @@\n+p\n");
        await failure(write("b.txt", large), "disk_full");
        await failure(story.run(applyStash, { session, stash }), "disk_full");
        free();
        const freeAll = fill(directory, 0);
        await failure(write("b.txt", "x"), "disk_full");
        await failure(story.run(stagePatch, { session, patch }), "disk_full");
        await failure(story.run(stage, { session, path: "a.txt" }), "disk_full");
        await failure(story.run(saveStash, { session }), "disk_full");
        await failure(story.run(openSession, { branch: "main" }), "disk_full");
        freeAll();
        expect(await story.inSession(session, ["status", "--porcelain", "-uall"])).toBe(" M a.txt");
        expect(await story.run(applyStash, { session, stash })).toMatchObject({ conflictingPaths: [] });
        const { content } = await story.run(readSessionFile, { session, path: "large" });
        expect(Buffer.from(content).toString()).toBe(large);
        await story.inSession(session, ["fsck", "--strict"]);
        await story.run(closeSession, { session, discard: true });
      },
      join(story.test.directory, "sessions"),
    );
  });
});

/** Commits until the disk has no room for another; the loop's limit only keeps a broken server from running for ever. */
async function commitUntilFull(store: TemporaryStore): Promise<void> {
  for (let turn = 0; turn < 1000; turn++)
    await store.commit("a.git", "main", `${turn} ${crypto.randomUUID().repeat(200)}`);
}

async function createUntilFull(store: TemporaryStore, round: number): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) await store.create(`filler-${round}-${turn}.git`);
}
