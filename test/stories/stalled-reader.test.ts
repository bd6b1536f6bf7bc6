import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Gate } from "../support/gate.ts";
import { runGit } from "../support/temporary-repository.ts";
import { CALLER, TemporaryStore } from "../support/temporary-store.ts";

describe("a reader that stalls in the middle of a blob", () => {
  test("makes none of 100 writes and reads wait; repacking and removing wait for it, and it reads to its end", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    await store.commit("a.git", "main", "one");
    const content = Buffer.alloc(1_000_000, "text ");
    const client = new Gate();
    const stalled = store.with("a.git", async (repository) => {
      const { git, view } = repository;
      const quarantine = await repository.quarantine();
      const oid = await git.objects.write(quarantine.view, "blob", content);
      await repository.updateRefs({ changes: [{ name: "refs/blobs/big", newOid: oid }], quarantine, hooks: "none" });
      // References are read under the lock; the bytes go out without it.
      await repository.consistently(() => git.refs.read(view, "refs/blobs/big"));
      const received: Uint8Array[] = [];
      for await (const chunk of git.objects.stream(view, oid)) {
        received.push(chunk);
        if (received.length === 1) await client.pass();
      }
      return Buffer.concat(received);
    });
    await client.reached;

    let lockWaits = 0;
    const shared = store.locks.shared.bind(store.locks);
    store.locks.shared = (key, options) => {
      const hold = shared(key, options);
      if (hold instanceof Promise) lockWaits++;
      return hold;
    };
    for (let turn = 0; turn < 100; turn++) {
      const name = `refs/heads/b${turn}`;
      await store.with("a.git", async (repository) => {
        const { git, view } = repository;
        const main = await repository.consistently(() => git.refs.read(view, "refs/heads/main"));
        await repository.updateRefs({
          changes: [{ name, newOid: main!.oid, expectedOid: "0".repeat(40) }],
          hooks: "receive",
        });
      });
    }
    expect(lockWaits).toBe(0);
    expect(
      (await runGit(gitDir, ["for-each-ref", "--format=%(refname)", "refs/heads"])).toString().trim().split("\n"),
    ).toHaveLength(101);

    const order: string[] = [];
    const repacked = store.with("a.git", async ({ git, view }) => {
      for await (const _ of git.maintenance.collectGarbage(view));
      order.push("repacked");
    });
    const removed = store.repositories.remove(store.ref("a.git"), CALLER.signal).then(() => order.push("removed"));
    // Both wait; whoever comes now does not.
    await store.with("a.git", async ({ git, view }) =>
      expect(await git.refs.read(view, "refs/heads/b99")).toBeDefined(),
    );
    expect(order).toEqual([]);
    expect(existsSync(join(gitDir, "HEAD"))).toBe(true);
    client.open();
    expect((await stalled).equals(content)).toBe(true);
    await Promise.all([repacked, removed]);
    expect(order).toEqual(["repacked", "removed"]);
  }, 60_000);
});
