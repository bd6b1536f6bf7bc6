import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { GitBackend, PreparedRefs } from "../../src/backend/backend.ts";
import { loadAddon } from "../../src/backend/libgit2/addon.ts";
import { createLibgit2Backend } from "../../src/backend/libgit2/libgit2-backend.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { Dice } from "../support/dice.ts";
import { runGit } from "../support/temporary-repository.ts";
import { TemporaryStore } from "../support/temporary-store.ts";

const ZERO = "0".repeat(40);
const WRITERS = 8;
const TURNS = 30;
const FAULT_CHANCE = 0.08;
const REPOSITORIES = ["a.git", "b.git"];
const BRANCHES = ["refs/heads/one", "refs/heads/two", "refs/heads/three"];

class Fault extends Error {}

/** A backend that fails now and then, before and after it has done what it was asked. */
function faulty(git: GitBackend, dice: Pick<Dice, "chance">): GitBackend {
  const strike = (where: string) => {
    if (dice.chance(FAULT_CHANCE)) throw new Fault(where);
  };
  const prepared = (inner: PreparedRefs): PreparedRefs => ({
    oldOids: inner.oldOids,
    async commit() {
      if (dice.chance(FAULT_CHANCE)) {
        await inner.abort();
        throw new Fault("commit, before");
      }
      await inner.commit();
      strike("commit, after");
    },
    abort: () => inner.abort(),
  });
  return {
    ...git,
    close: () => git.close(),
    refs: {
      ...git.refs,
      async prepare(view, changes, options) {
        strike("prepare");
        return prepared(await git.refs.prepare(view, changes, options));
      },
    },
    quarantine: {
      ...git.quarantine,
      async migrate(view) {
        strike("migrate, before");
        const migration = await git.quarantine.migrate(view);
        await migration.flushed;
        strike("migrate, after");
        return migration;
      },
    },
  };
}

/** Flushes of the journal fail now and then. */
function failFlushes(store: TemporaryStore, dice: Pick<Dice, "chance">): void {
  const prepare = store.journal.prepare.bind(store.journal);
  store.journal.prepare = (facts) => {
    const { event, flushed } = prepare(facts);
    const failed = dice.chance(FAULT_CHANCE);
    return { event, flushed: flushed.then(() => (failed ? Promise.reject(new Fault("flush")) : undefined)) };
  };
}

interface Outcome {
  readonly repository: string;
  readonly names: readonly string[];
  readonly newOid: string;
  readonly sequence: bigint;
}

/** One change of one writer: to one branch from what it finds there, or to several at once whatever they are. */
async function change(
  store: TemporaryStore,
  dice: Dice,
  oids: ReadonlyMap<string, readonly string[]>,
): Promise<Outcome | undefined> {
  const repository = dice.pick(REPOSITORIES);
  const newOid = dice.chance(0.1) ? ZERO : dice.pick(oids.get(repository)!);
  const names = dice.chance(0.3) ? BRANCHES : [dice.pick(BRANCHES)];
  const expects = names.length === 1 && dice.chance(0.8);
  const controller = new AbortController();
  if (dice.chance(0.1)) setImmediate(() => controller.abort());
  return store.with(
    repository,
    async (opened) => {
      const { git, view } = opened;
      const read = async () => (await git.refs.read(view, names[0]!))?.oid ?? ZERO;
      const expected = expects ? { expectedOid: await opened.consistently(read) } : {};
      const quarantine = dice.chance(0.5) ? await opened.quarantine() : undefined;
      if (quarantine !== undefined) await git.objects.write(quarantine.view, "blob", Buffer.from(`${dice.next()}`));
      const { sequence } = await opened.updateRefs({
        changes: names.map((name) => ({ name, newOid, ...expected })),
        hooks: "receive",
        ...(quarantine === undefined ? {} : { quarantine }),
      });
      return sequence === undefined ? undefined : { repository, names, newOid, sequence };
    },
    controller.signal,
  );
}

async function refsOf(store: TemporaryStore, repository: string): Promise<Record<string, string>> {
  const format = "--format=%(refname) %(objectname)";
  const lines = (await runGit(join(store.root, repository), ["for-each-ref", format, "refs/heads"]))
    .toString()
    .split("\n");
  return Object.fromEntries(lines.filter((line) => line !== "").map((line) => line.split(" ") as [string, string]));
}

/** Follows the journal from an empty repository; every change must begin where the one before ended. */
async function replay(store: TemporaryStore, repository: string): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for await (const event of store.journal.read(0n)) {
    if (event.repository.relativePath !== repository) continue;
    for (const { name, oldOid, newOid } of event.changes) {
      expect(state[name] ?? ZERO).toBe(oldOid);
      if (newOid === ZERO) delete state[name];
      else state[name] = newOid;
    }
  }
  return state;
}

describe("the ref door under seeded concurrency and faults", () => {
  for (const seed of [11, 12, 13, 14]) {
    test(`seed ${seed}: what was answered is so, what failed left nothing, the journal equals the references`, async () => {
      const dice = new Dice(seed);
      let armed = false;
      const faultDice = { chance: (probability: number) => armed && dice.chance(probability) };
      const wrap = () => faulty(createLibgit2Backend(loadAddon()), faultDice);
      await using store = await TemporaryStore.open({ wrap });
      const oids = new Map<string, string[]>();
      for (const repository of REPOSITORIES) {
        await store.create(repository);
        const commits: string[] = [];
        for (const message of ["1", "2", "3", "4"]) commits.push(await store.commit(repository, "one", message));
        oids.set(repository, commits);
      }
      failFlushes(store, faultDice);
      armed = true;
      const outcomes: Outcome[] = [];
      const failures: unknown[] = [];
      const writer = async () => {
        for (let turn = 0; turn < TURNS; turn++) {
          await change(store, dice, oids).then(
            (outcome) => outcome !== undefined && outcomes.push(outcome),
            (error: unknown) => failures.push(error),
          );
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, writer));
      armed = false;

      const unexpected = failures.filter((error) => !(error instanceof Fault) && !isRefusal(error));
      expect(unexpected).toEqual([]);
      expect(outcomes.length).toBeGreaterThan(WRITERS);
      expect(failures.some((error) => error instanceof Fault)).toBe(true);
      const events = new Map(store.events.map((event) => [event.sequence, event]));
      for (const { repository, names, newOid, sequence } of outcomes) {
        const event = events.get(sequence)!;
        expect(event.repository.relativePath).toBe(repository);
        expect(names).toEqual(expect.arrayContaining(event.changes.map(({ name }) => name)));
        expect(new Set(event.changes.map((each) => each.newOid))).toEqual(new Set([newOid]));
      }
      const told = [...events.keys()];
      expect(told).toEqual(told.toSorted((a, b) => Number(a - b)));
      for (const repository of REPOSITORIES) {
        expect(await replay(store, repository)).toEqual(await refsOf(store, repository));
        await runGit(join(store.root, repository), ["fsck", "--strict", "--no-dangling", "--no-progress"]);
        expect(store.pins.count(`default\0${repository}`)).toBe(0);
        const release = store.locks.exclusive(`default\0${repository}`);
        expect(release).toBeFunction();
        if (typeof release === "function") release();
        await store.commit(repository, "afterwards", "writable");
      }
      const left = readdirSync(store.root, { recursive: true, encoding: "utf8" });
      expect(left.filter((path) => path.endsWith(".lock"))).toEqual([]);
      expect(readdirSync(join(store.root, "+holdfast/quarantine"))).toEqual([]);
    }, 30_000);
  }
});

/** What a healthy server may answer to writers that get in each other's way or go away. */
function isRefusal(error: unknown): boolean {
  return error instanceof OperationError && ["reference_mismatch", "canceled"].includes(error.reason);
}
