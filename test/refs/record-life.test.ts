import { describe, expect, test } from "bun:test";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { Caller } from "../../src/contract/principal.ts";
import type { RepositoryLife } from "../../src/events/journal-record.ts";
import { recordLife } from "../../src/refs/record-life.ts";
import { StoredRepositories } from "../../src/storage/repositories.ts";
import { failureOf } from "../support/failure-of.ts";
import { TemporaryStore } from "../support/temporary-store.ts";

const NEVER = new AbortController().signal;
const CALLER: Caller = {
  principal: { kind: "user", name: "jane" },
  door: "ssh",
  requestId: "r",
  peer: "test",
  signal: NEVER,
};

/** The repositories of a store, on behalf of somebody who is recorded. */
function recorded(store: TemporaryStore): StoredRepositories {
  const { storages, locator, locks, pins, journal } = store;
  const services = { storages, locator, locks, pins, forget: async () => {}, onDeleteFailed: () => {} };
  return new StoredRepositories(services, recordLife(journal, CALLER));
}

async function journalled(store: TemporaryStore): Promise<string[]> {
  const lives: string[] = [];
  for await (const { repository, life, by } of store.journal.read(0n)) {
    const from = life?.kind === "renamed" ? `${life.from.relativePath} to ` : "";
    lives.push(`${by} ${life?.kind} ${from}${repository.relativePath}`);
  }
  return lives;
}

describe("recordLife", () => {
  test("records what has happened, and by whom", async () => {
    await using store = await TemporaryStore.open();
    const repositories = recorded(store);
    await repositories.create(store.ref("a.git"), { objectFormat: "sha1" });
    await repositories.rename(store.ref("a.git"), store.ref("x/b.git"), NEVER);
    await repositories.remove(store.ref("x/b.git"), NEVER);
    expect(await journalled(store)).toEqual([
      "jane created a.git",
      "jane renamed a.git to x/b.git",
      "jane deleted x/b.git",
    ]);
    expect(store.events.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n]);
  });

  test("records nothing that has not happened", async () => {
    await using store = await TemporaryStore.open();
    const repositories = recorded(store);
    await repositories.create(store.ref("a.git"), { objectFormat: "sha1" });
    const create = (options: object) =>
      failureOf(repositories.create(store.ref("a.git"), { objectFormat: "sha1", ...options }));
    expect(await create({})).toMatchObject({ reason: "repository_exists" });
    const bad = repositories.create(store.ref("b.git"), { objectFormat: "sha1", defaultBranch: "a..b" });
    expect(await failureOf(bad)).toMatchObject({ reason: "invalid_reference_name" });
    expect(await failureOf(repositories.remove(store.ref("c.git"), NEVER))).toMatchObject({
      reason: "repository_not_found",
    });
    const inside = repositories.rename(store.ref("a.git"), store.ref("a.git/b.git"), NEVER);
    expect(await failureOf(inside)).toMatchObject({ reason: "repository_exists" });
    expect(await journalled(store)).toEqual(["jane created a.git"]);
    expect(store.journal.unfinished.changes).toEqual([]);
  });

  const CRASHES: readonly (readonly [RepositoryLife["kind"], boolean])[] = [
    ["created", true],
    ["created", false],
    ["deleted", true],
    ["deleted", false],
    ["renamed", true],
    ["renamed", false],
  ];
  for (const [kind, happened] of CRASHES) {
    test(`after a crash a repository is ${kind} if the disk says so: ${happened}`, async () => {
      const store = await TemporaryStore.open();
      const place = (name: string) => join(store.root, name);
      await store.create("old.git");
      const life: RepositoryLife =
        kind === "renamed" ? { kind, from: { storage: "default", relativePath: "old.git" } } : { kind };
      const relativePath = kind === "deleted" ? "old.git" : "new.git";
      const repository = { storage: "default", relativePath };
      const { flushed } = store.journal.prepare({
        repository,
        changes: [],
        life,
        door: "ssh",
        requestId: "r",
        by: "jane",
      });
      await flushed;
      if (happened && kind === "created") await store.create("new.git");
      if (happened && kind === "deleted") await rename(place("old.git"), place("gone"));
      if (happened && kind === "renamed") await rename(place("old.git"), place("new.git"));
      await store.git.close();
      store.storages.close();
      await using again = await TemporaryStore.open({ directory: store.directory });
      expect(again.ignoredFailures).toEqual([]);
      expect(again.events.map((event) => event.life?.kind)).toEqual(happened ? [kind] : []);
      expect(await journalled(again)).toHaveLength(happened ? 1 : 0);
    });
  }

  test("administration that was written down is told of after a crash", async () => {
    const store = await TemporaryStore.open();
    const admin = { event: "user_created", data: { user: "jane" } } as const;
    const repository = { storage: "", relativePath: "" };
    const { flushed } = store.journal.prepare({ repository, changes: [], admin, door: "ssh", requestId: "r" });
    await flushed;
    await store.git.close();
    store.storages.close();
    await using again = await TemporaryStore.open({ directory: store.directory });
    expect(again.events.map((event) => event.admin)).toEqual([admin]);
  });
});
