import { describe, expect, test } from "bun:test";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BACKENDS_UNDER_TEST } from "../support/backends-under-test.ts";
import { failureOf } from "../support/failure-of.ts";
import { runGit } from "../support/temporary-repository.ts";
import { TemporaryStore } from "../support/temporary-store.ts";

const ZERO = "0".repeat(40);

/** Leaves a file as a process did that died long ago. */
function leave(path: string): void {
  writeFileSync(path, "");
  utimesSync(path, new Date(2020, 1), new Date(2020, 1));
}

for (const { name: backend, open } of BACKENDS_UNDER_TEST) {
  describe(`clearStaleLocks before a change over ${backend}`, () => {
    /** A store with a packed branch `old`. */
    async function storeWithPacked(): Promise<{ store: TemporaryStore; gitDir: string }> {
      const store = await TemporaryStore.open({ wrap: open });
      const gitDir = await store.create("a.git");
      await store.commit("a.git", "old", "one");
      await runGit(gitDir, ["pack-refs", "--all"]);
      return { store, gitDir };
    }

    const deleteOld = (store: TemporaryStore) =>
      store.with("a.git", (repository) =>
        repository.updateRefs({ changes: [{ name: "refs/heads/old", newOid: ZERO }], hooks: "none" }),
      );

    for (const left of [["packed-refs.lock"], ["packed-refs.new"], ["packed-refs.lock", "packed-refs.new"]]) {
      test(`removes ${left.join(" and ")} of a dead process`, async () => {
        const opened = await storeWithPacked();
        await using store = opened.store;
        for (const name of left) leave(join(opened.gitDir, name));
        await deleteOld(store);
        expect((await runGit(opened.gitDir, ["for-each-ref"])).toString()).toBe("");
        for (const name of left) expect(existsSync(join(opened.gitDir, name))).toBe(false);
      });
    }

    test("lets a packed-refs.lock stand that is younger than this process", async () => {
      const opened = await storeWithPacked();
      await using store = opened.store;
      writeFileSync(join(opened.gitDir, "packed-refs.lock"), "");
      expect(await failureOf(deleteOld(store))).toMatchObject({ reason: "references_locked" });
      expect(existsSync(join(opened.gitDir, "packed-refs.lock"))).toBe(true);
    });
  });
}
