import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Type } from "../../src/contract/fields.ts";
import type { IdempotencyStore } from "../../src/contract/idempotency.ts";
import { defineOperation } from "../../src/contract/operation.ts";
import type { Caller, Principal } from "../../src/contract/principal.ts";
import { DatabaseIdempotencyStore } from "../../src/database/idempotency-store.ts";
import type { Database } from "../../src/database/database.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { Idempotency, KEYS_KEEP_MS } from "../../src/engine/idempotency.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/operation-story.ts";
import { DATABASES, makeTestDatabase, type TestDatabase } from "../support/test-databases.ts";

const ALICE: Principal = { kind: "user", name: "alice", user: { id: 1, isAdmin: false } };

const write = defineOperation({
  name: "write",
  summary: "Write",
  kind: "write",
  shape: "call",
  access: "server-admin",
  target: "none",
  input: Type.Object({}),
  output: Type.Object({}),
  errors: [],
  examples: [],
  run: async () => ({}),
});

for (const kind of DATABASES) {
  describe(`Idempotency on ${kind}`, () => {
    let place: TestDatabase;
    let database: Database;
    let store: IdempotencyStore;
    let idempotency: Idempotency;
    let clock: FakeClock;
    let failures: unknown[];
    let replays: number;

    async function start(): Promise<void> {
      database = await place.open();
      store = new DatabaseIdempotencyStore(database);
      idempotency = new Idempotency({ store, clock, onFailed: (error) => failures.push(error) });
    }

    beforeEach(async () => {
      place = await makeTestDatabase(kind);
      clock = new FakeClock();
      failures = [];
      replays = 0;
      await start();
    });
    afterEach(async () => {
      await database.close();
      await place.remove();
      expect(failures).toEqual([]);
    });

    const callerOf = (key: string, more: Partial<Caller> = {}): Caller => ({
      principal: ALICE,
      door: "rest",
      requestId: "test",
      peer: "127.0.0.1:1",
      signal: new AbortController().signal,
      idempotencyKey: key,
      onReplayed: () => replays++,
      ...more,
    });
    const once = (run: () => Promise<unknown>, input: unknown = {}, caller = callerOf("key")) =>
      idempotency.once(write, input, caller, run);
    const never = () => Promise.reject(new Error("ran again"));

    test("the first result is given again, every byte of it, also after a restart", async () => {
      const output = { oid: "1", bytes: Buffer.from([0, 255]), count: 2n ** 60n, list: [{ a: null }] };
      expect(await once(() => Promise.resolve(output))).toBe(output);
      expect(await once(never)).toEqual({ ...output, bytes: new Uint8Array(output.bytes) });
      await database.close();
      await start();
      expect(await once(never)).toEqual({ ...output, bytes: new Uint8Array(output.bytes) });
      expect(replays).toBe(2);
    });

    test("an error that would come again is given again, with its facts", async () => {
      const conflict = new OperationError("reference_mismatch", {
        reference: "refs/heads/m",
        expected: "1",
        actual: "2",
      });
      await failure(
        once(() => Promise.reject(conflict)),
        "reference_mismatch",
      );
      const again = await failure(once(never), "reference_mismatch");
      expect(again.details).toEqual(conflict.details);
    });

    test("what may go well another time is tried another time", async () => {
      const passing = [
        new OperationError("database_unavailable", {}),
        new OperationError("references_locked", { references: [] }),
        new OperationError("forbidden", { operation: "write" }),
        new OperationError("canceled", {}),
      ];
      for (const error of passing)
        await failure(
          once(() => Promise.reject(error)),
          error.reason,
        );
      await expect(once(() => Promise.reject(new TypeError("bug")))).rejects.toThrow("bug");
      expect(await once(() => Promise.resolve({ ok: true }))).toEqual({ ok: true });
      expect(replays).toBe(0);
    });

    test("the same key with another input or operation is refused", async () => {
      await once(() => Promise.resolve({}), { a: 1, b: [Buffer.from("x")] });
      await once(never, { b: [Buffer.from("x")], a: 1, c: undefined });
      await failure(once(never, { a: 1, b: [Buffer.from("y")] }), "idempotency_key_reused");
      const other = { ...write, name: "other" };
      await failure(idempotency.once(other, { a: 1 }, callerOf("key"), never), "idempotency_key_reused");
    });

    test("keys belong to their callers", async () => {
      await once(() => Promise.resolve({ of: "alice" }));
      const token = { id: 7, access: "read" } as const;
      const others: Partial<Caller>[] = [
        { principal: { ...ALICE, user: { id: 2, isAdmin: false } } },
        { principal: { ...ALICE, token } },
        { principal: { kind: "anonymous", name: "anonymous" } },
        { principal: { kind: "anonymous", name: "anonymous" }, peer: "127.0.0.2:1" },
      ];
      for (const [at, other] of others.entries())
        expect(await once(() => Promise.resolve({ at }), {}, callerOf("key", other))).toEqual({ at });
    });

    test("the second of two at once waits for the first, and may go away while it waits", async () => {
      const first = Promise.withResolvers<object>();
      const gone = new AbortController();
      const running = once(() => first.promise);
      const second = once(never);
      const third = once(never, {}, callerOf("key", { signal: gone.signal }));
      await failure(once(never, { other: 1 }), "idempotency_key_reused");
      gone.abort();
      await failure(third, "canceled");
      first.resolve({ ok: true });
      expect(await Promise.all([running, second])).toEqual([{ ok: true }, { ok: true }]);
    });

    test("where the first fails and may be tried again, one of those who wait tries", async () => {
      const first = Promise.withResolvers<object>();
      // It may fail before anybody waits for it.
      first.promise.catch(() => {});
      let runs = 0;
      const again = () => Promise.resolve({ runs: ++runs });
      const running = once(() => first.promise);
      const waiting = [once(again), once(again)];
      first.reject(new OperationError("shutting_down", {}));
      await failure(running, "shutting_down");
      expect(await Promise.all(waiting)).toEqual([{ runs: 1 }, { runs: 1 }]);
    });

    test("a write goes on when its caller goes away", async () => {
      const gone = new AbortController();
      let seen: AbortSignal | undefined;
      const run = (caller: Caller) => {
        seen = caller.signal;
        gone.abort();
        return Promise.resolve({});
      };
      await idempotency.once(write, {}, callerOf("key", { signal: gone.signal }), run);
      expect(seen?.aborted).toBe(false);
    });

    test("after a crash in the middle nobody knows what happened, and that is said", async () => {
      const stuck = once(() => new Promise(() => {}));
      // The database tells no one when a row comes.
      while ((await rows()) === 0) continue;
      void stuck.catch(() => {});
      await database.close();
      await start();
      await failure(once(never), "idempotency_outcome_unknown");
    });

    test("nobody reads an answer in the database who has no key", async () => {
      await once(() => Promise.resolve({ token: "a secret" }));
      const kept = await database.run((db) => db.selectFrom("idempotency_keys").selectAll().execute());
      expect(JSON.stringify(kept)).not.toContain("secret");
      expect(Buffer.from(kept[0]!.outcome!, "base64").toString("latin1")).not.toContain("secret");
    });

    test("a key is forgotten after a day", async () => {
      await once(() => Promise.resolve({ day: 1 }));
      clock.advance(KEYS_KEEP_MS);
      expect(await once(never)).toEqual({ day: 1 });
      clock.advance(1);
      expect(await once(() => Promise.resolve({ day: 2 }))).toEqual({ day: 2 });
      await store.prune(clock.nowMs());
      expect(await rows()).toBe(1);
      await store.prune(clock.nowMs() + 1);
      expect(await rows()).toBe(0);
    });

    test("old keys are forgotten when a server starts", async () => {
      await once(() => Promise.resolve({}));
      clock.advance(KEYS_KEEP_MS + 1);
      idempotency.start();
      await idempotency.close();
      expect(await rows()).toBe(0);
    });

    test("keys have a length", async () => {
      for (const key of ["", "a b", "é", "x".repeat(256)])
        await failure(once(never, {}, callerOf(key)), "malformed_request");
      await once(() => Promise.resolve({}), {}, callerOf("x".repeat(255)));
    });

    const rows = async () =>
      (await database.run((db) => db.selectFrom("idempotency_keys").select("id").execute())).length;
  });
}
