import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GitBackend, PreparedRefs } from "../../src/backend/backend.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { failureOf } from "../support/failure-of.ts";
import { runGit } from "../support/temporary-repository.ts";
import { TemporaryStore } from "../support/temporary-store.ts";

const ZERO = "0".repeat(40);

/** A backend whose commits fail as the test says: after none, or some, of the references have moved. */
function failingCommits(git: GitBackend, fail: (prepared: PreparedRefs) => Promise<void>): GitBackend {
  const prepare: GitBackend["refs"]["prepare"] = async (view, changes, options) => {
    const prepared = await git.refs.prepare(view, changes, options);
    return { oldOids: prepared.oldOids, abort: () => prepared.abort(), commit: () => fail(prepared) };
  };
  return { ...git, close: () => git.close(), refs: { ...git.refs, prepare } };
}

/** A store that stopped between the journal and the commit, as a killed server does: its journal has an open change. */
async function stoppedStore(names: readonly string[]): Promise<{ store: TemporaryStore; oid: string }> {
  const store = await TemporaryStore.open();
  await store.create("a.git");
  const oid = await store.commit("a.git", "main", "one");
  store.journal.begin({ storage: "default", relativePath: "a.git" });
  const { flushed } = store.journal.prepare({
    repository: { storage: "default", relativePath: "a.git" },
    changes: names.map((name) => ({ name, oldOid: ZERO, newOid: oid })),
    door: "gitaly",
    requestId: "r",
  });
  await flushed;
  return { store, oid };
}

/** What `git gc` leaves when it is killed. */
const LEFT_BY_GC = ["gc.pid", "packed-refs.lock", "objects/pack/tmp_pack_x", "objects/pack/.tmp-1-pack-x.pack"];

/** Goes on where the store was stopped, in a process that is younger than all that is on the disk. */
async function restart(
  { store }: { store: TemporaryStore },
  wrap?: (git: GitBackend) => GitBackend,
): Promise<TemporaryStore> {
  await store.git.close();
  store.storages.close();
  return TemporaryStore.open({ directory: store.directory, ...(wrap === undefined ? {} : { wrap }) });
}

const past = (path: string) => utimesSync(path, new Date(2020, 1), new Date(2020, 1));

const refsOf = async (store: TemporaryStore) =>
  (await runGit(join(store.root, "a.git"), ["for-each-ref", "--format=%(refname)"])).toString().trim().split("\n");

async function journalled(store: TemporaryStore): Promise<string[]> {
  const names: string[] = [];
  for await (const { changes } of store.journal.read(0n)) names.push(...changes.map(({ name }) => name));
  return names;
}

describe("recover", () => {
  test("drops a change of which no reference has moved", async () => {
    const stopped = await stoppedStore(["refs/heads/a", "refs/heads/b"]);
    await using store = await restart(stopped);
    expect(await refsOf(store)).toEqual(["refs/heads/main"]);
    expect(await journalled(store)).toEqual(["refs/heads/main"]);
    expect(store.journal.unfinished.works).toHaveLength(1);
    expect(store.ignoredFailures).toEqual([]);
    await store.commit("a.git", "a", "two");
    expect(await journalled(store)).toEqual(["refs/heads/main", "refs/heads/a"]);
  });

  test("finishes a change of which some references have moved", async () => {
    const stopped = await stoppedStore(["refs/heads/a", "refs/heads/b"]);
    const gitDir = join(stopped.store.root, "a.git");
    await runGit(gitDir, ["update-ref", "refs/heads/a", stopped.oid]);
    for (const lock of ["refs/heads/b.lock", "HEAD.lock", "packed-refs.lock", "objects/tmp_obj_x"]) {
      writeFileSync(join(gitDir, lock), "");
      past(join(gitDir, lock));
    }
    await using store = await restart(stopped);
    expect(await refsOf(store)).toEqual(["refs/heads/a", "refs/heads/b", "refs/heads/main"]);
    expect(await journalled(store)).toEqual(["refs/heads/main", "refs/heads/a", "refs/heads/b"]);
    for (const lock of ["HEAD.lock", "packed-refs.lock", "objects/tmp_obj_x"])
      expect(existsSync(join(gitDir, lock))).toBe(false);
  });

  const NEW = "refs/heads/trunk";
  const OLD = "refs/heads/main";
  /** What the renaming of the default branch does, one step after the other. */
  const STEPS = [
    ["update-ref", NEW, OLD],
    ["symbolic-ref", "HEAD", NEW],
    ["update-ref", "-d", OLD],
  ];

  for (const made of [0, 1, 2, 3]) {
    test(`the renaming of the default branch is whole or was never, after ${made} of its steps`, async () => {
      const stopped = await stoppedStore([]);
      const { journal } = stopped.store;
      const { flushed } = journal.prepare({
        repository: { storage: "default", relativePath: "a.git" },
        changes: [
          { name: NEW, oldOid: ZERO, newOid: stopped.oid },
          { name: OLD, oldOid: stopped.oid, newOid: ZERO },
        ],
        head: { oldTarget: OLD, newTarget: NEW },
        door: "rest",
        requestId: "r",
      });
      await flushed;
      const gitDir = join(stopped.store.root, "a.git");
      for (const step of STEPS.slice(0, made)) await runGit(gitDir, step);
      await using store = await restart(stopped);
      const [there, gone] = made === 0 ? [OLD, NEW] : [NEW, OLD];
      expect(await refsOf(store)).toEqual([there]);
      expect((await runGit(gitDir, ["symbolic-ref", "HEAD"])).toString().trim()).toBe(there);
      expect((await journalled(store)).includes(gone)).toBe(made > 0);
      expect(store.ignoredFailures).toEqual([]);
    });
  }

  test("lets stand what somebody has moved since", async () => {
    const stopped = await stoppedStore(["refs/heads/a", "refs/heads/b"]);
    const gitDir = join(stopped.store.root, "a.git");
    const later = await stopped.store.commit("a.git", "main", "two");
    await runGit(gitDir, ["update-ref", "refs/heads/a", stopped.oid]);
    await runGit(gitDir, ["update-ref", "refs/heads/b", later]);
    await using store = await restart(stopped);
    expect(store.ignoredFailures).toEqual([]);
    expect((await runGit(gitDir, ["rev-parse", "a", "b"])).toString()).toBe(`${stopped.oid}\n${later}\n`);
    expect(await journalled(store)).toContain("refs/heads/a");
  });

  test("drops what was under way in a repository that has gone", async () => {
    const stopped = await stoppedStore(["refs/heads/a"]);
    rmSync(join(stopped.store.root, "a.git"), { recursive: true });
    await using store = await restart(stopped);
    expect(await journalled(store)).toEqual(["refs/heads/main"]);
    expect(store.ignoredFailures).toEqual([]);
  });

  test("leaves a lock alone that a living git may hold", async () => {
    const stopped = await stoppedStore(["refs/heads/a"]);
    const gitDir = join(stopped.store.root, "a.git");
    const git = spawn("git", ["cat-file", "--batch"], { cwd: gitDir, stdio: ["pipe", "pipe", "inherit"] });
    await once(git, "spawn");
    git.stdin.write(`${stopped.oid}\n`);
    await once(git.stdout, "data");
    for (const lock of ["refs/heads/a.lock", "refs/heads/young.lock"]) writeFileSync(join(gitDir, lock), "");
    past(join(gitDir, "refs/heads/a.lock"));
    await using store = await restart(stopped);
    expect(existsSync(join(gitDir, "refs/heads/a.lock"))).toBe(true);
    git.stdin.end();
    await once(git, "exit");
    // The next change that meets the lock looks again, and removes what is certainly stale.
    await store.commit("a.git", "a", "two");
    expect(existsSync(join(gitDir, "refs/heads/a.lock"))).toBe(false);
    expect(existsSync(join(gitDir, "refs/heads/young.lock"))).toBe(true);
  });

  test("clears what a collection of garbage was making when the server was killed", async () => {
    const stopped = await stoppedStore([]);
    const wrap = (git: GitBackend): GitBackend => ({
      ...git,
      close: () => git.close(),
      maintenance: {
        ...git.maintenance,
        // As far as a server comes that is killed in the middle: it never says that it is done.
        async *collectGarbage({ gitDir }) {
          for (const left of LEFT_BY_GC) {
            writeFileSync(join(gitDir, left), "");
            past(join(gitDir, left));
          }
          yield "";
          await new Promise<never>(() => {});
        },
      },
    });
    const dying = await restart(stopped, wrap);
    await dying.with("a.git", async ({ git, view }) => {
      await git.maintenance.collectGarbage(view)[Symbol.asyncIterator]().next();
    });
    await using store = await restart({ store: dying });
    for (const left of LEFT_BY_GC) expect(existsSync(join(store.root, "a.git", left))).toBe(false);
  });

  test("clears what a collection of garbage was making that is broken off, and nothing older", async () => {
    const older = "objects/pack/tmp_pack_older";
    const wrap = (git: GitBackend): GitBackend => ({
      ...git,
      close: () => git.close(),
      maintenance: {
        ...git.maintenance,
        async *collectGarbage({ gitDir }) {
          for (const left of ["objects/pack/tmp_pack_x", "objects/pack/.tmp-1-pack-x.idx"])
            writeFileSync(join(gitDir, left), "");
          yield "";
          throw new OperationError("canceled", {});
        },
      },
    });
    await using store = await restart(await stoppedStore([]), wrap);
    writeFileSync(join(store.root, "a.git", older), "");
    past(join(store.root, "a.git", older));
    const before = readdirSync(join(store.root, "a.git/objects/pack"));
    const collected = store.with("a.git", async ({ git, view }) => {
      for await (const _ of git.maintenance.collectGarbage(view));
    });
    expect(await failureOf(collected)).toMatchObject({ reason: "canceled" });
    expect(readdirSync(join(store.root, "a.git/objects/pack"))).toEqual(before);
  });

  test("clears what a killed server was making and removing", async () => {
    const stopped = await stoppedStore([]);
    for (const name of ["quarantine/incoming-x/00", "tmp/x/objects", "removed/a.git+x/refs"]) {
      mkdirSync(join(stopped.store.root, "+holdfast", name), { recursive: true });
    }
    await using store = await restart(stopped);
    for (const name of ["quarantine/incoming-x", "tmp/x", "removed/a.git+x"]) {
      expect(existsSync(join(store.root, "+holdfast", name))).toBe(false);
    }
  });
});

describe("a commit that fails", () => {
  test("before any reference has moved fails the change, and leaves nothing", async () => {
    const wrap = (git: GitBackend) =>
      failingCommits(git, async (prepared) => {
        await prepared.abort();
        throw new Error("disk");
      });
    await using store = await TemporaryStore.open({ wrap });
    await store.create("a.git");
    const commit = await store.commit("a.git", "main", "one").catch((error: unknown) => error);
    expect(commit).toMatchObject({ message: "disk" });
    expect(await journalled(store)).toEqual([]);
    expect(await refsOf(store)).toEqual([""]);
  });

  test("after they have moved does not fail the change", async () => {
    const wrap = (git: GitBackend) =>
      failingCommits(git, async (prepared) => {
        await prepared.commit();
        throw new Error("flush");
      });
    await using store = await TemporaryStore.open({ wrap });
    await store.create("a.git");
    await store.commit("a.git", "main", "one");
    expect(await journalled(store)).toEqual(["refs/heads/main"]);
    expect(await refsOf(store)).toEqual(["refs/heads/main"]);
  });
});
