import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GitBackend, RepositoryView } from "../../../src/backend/backend.ts";
import type { Context } from "../../../src/contract/context.ts";
import { OperationError } from "../../../src/domain/errors.ts";
import { collectGarbage } from "../../../src/operations/index.ts";
import { failureOf } from "../../support/failure-of.ts";
import { TemporaryStore } from "../../support/temporary-store.ts";

/** Runs the operation on `a.git` of a store whose backend collects garbage in the given way; answers the lines. */
async function linesIn(store: TemporaryStore): Promise<string[]> {
  const lines: string[] = [];
  await store.with("a.git", async (repository) => {
    const context = { repository, sessions: { keepIndexes: async () => {} } } as unknown as Context;
    for await (const items of collectGarbage.run({ repository: repository.ref }, context, noParts()))
      lines.push(...items.map(({ line }) => line));
  });
  return lines;
}

async function* noParts(): AsyncGenerator<never> {}

async function storeThat(collect: (view: RepositoryView) => AsyncIterable<string>): Promise<TemporaryStore> {
  const wrap = (git: GitBackend): GitBackend => ({
    ...git,
    close: () => git.close(),
    maintenance: { ...git.maintenance, collectGarbage: collect },
  });
  const store = await TemporaryStore.open({ wrap });
  await store.create("a.git");
  return store;
}

describe("collectGarbage", () => {
  test("tells what git says", async () => {
    await using store = await storeThat(async function* () {
      yield* ["one", "two"];
    });
    expect(await linesIn(store)).toEqual(["one", "two"]);
  });

  test("begins when those who read have gone", async () => {
    const order: string[] = [];
    await using store = await storeThat(async function* () {
      order.push("collected");
      yield "";
    });
    const reading = Promise.withResolvers<void>();
    const enough = Promise.withResolvers<void>();
    const reader = store.with("a.git", async () => {
      reading.resolve();
      await enough.promise;
      order.push("read");
    });
    await reading.promise;
    const collected = linesIn(store);
    // Whatever it does without waiting, it does by now.
    await new Promise((resolve) => setImmediate(resolve));
    enough.resolve();
    await Promise.all([reader, collected]);
    expect(order).toEqual(["read", "collected"]);
  });

  test("leaves nothing half-written behind when it is broken off", async () => {
    await using store = await storeThat(async function* ({ gitDir }) {
      writeFileSync(join(gitDir, "objects/pack/tmp_pack_x"), "");
      yield "begun";
      throw new OperationError("canceled", {});
    });
    expect(await failureOf(linesIn(store))).toMatchObject({ reason: "canceled" });
    expect(readdirSync(join(store.root, "a.git/objects/pack"))).toEqual([]);
  });
});
