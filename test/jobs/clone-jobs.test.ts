import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Caller } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { DatabaseCloneStore } from "../../src/database/clone-store.ts";
import type { Database } from "../../src/database/database.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { CloneJobs } from "../../src/jobs/clone-jobs.ts";
import { failureOf } from "../support/failure-of.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { DATABASES, makeTestDatabase, type TestDatabase } from "../support/test-databases.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const CALLER: Caller = {
  principal: { kind: "user", name: "jane", user: { id: 7, isAdmin: false } },
  door: "rest",
  requestId: "r",
  peer: "test",
  signal: new AbortController().signal,
};

const at = (name: string): RepositoryRef => ({ storage: "default", relativePath: `${name}.git` });
const from = (name: string) => ({ repository: at(name), url: "https://git.example.com/x.git" });

for (const kind of DATABASES) {
  describe(`clones on ${kind}`, () => {
    let place: TestDatabase;
    let database: Database;
    let clock: FakeClock;
    /** What lies in the storage. */
    let there: Set<string>;
    beforeEach(async () => {
      place = await makeTestDatabase(kind);
      database = await place.open();
      clock = new FakeClock();
      there = new Set();
    });
    afterEach(async () => {
      await database.close();
      await place.remove();
    });

    /** A server whose clones end as told: `name` says how. */
    const server = () =>
      new CloneJobs({
        clock,
        store: new DatabaseCloneStore(database),
        isThere: ({ relativePath }) => there.has(relativePath),
        canonical: (repository) => repository,
        async *run({ repository }, { signal }) {
          yield [{ line: "Receiving objects" }];
          if (repository.relativePath === "fails.git")
            throw new OperationError("remote_unreachable", { host: "git.example.com", problem: "it is down" });
          if (repository.relativePath !== "hangs.git") return;
          signal.throwIfAborted();
          const { promise, reject } = Promise.withResolvers<never>();
          signal.addEventListener("abort", () => reject(new OperationError("canceled", {})));
          await promise;
        },
        onFailed: (error) => {
          throw error;
        },
      });

    /** How a clone went, once it has ended: whoever cancels it waits for that. */
    const ended = async (clones: CloneJobs, name: string) => await clones.cancel(at(name), CALLER);

    test("how one went is known to the next server", async () => {
      const first = server();
      for (const name of ["works", "fails"]) {
        expect(await first.start(from(name), CALLER)).toMatchObject({ state: "running" });
        await ended(first, name);
      }
      await first.close();
      const second = server();
      await second.recover();
      expect((await second.find(at("fails"), CALLER)).state).not.toBe("running");
      expect(await second.find(at("works"), CALLER)).toMatchObject({
        repository: at("works"),
        url: "https://git.example.com/x.git",
        startedAtMs: clock.nowMs(),
        endedAtMs: clock.nowMs(),
      });
      const other = { ...CALLER, principal: { ...CALLER.principal, user: { id: 8, isAdmin: false } } };
      expect(await failureOf(second.find(at("works"), other))).toMatchObject({ reason: "clone_not_found" });
    });

    test("one that a server's end breaks off has failed, whether the server could say so or not", async () => {
      const broken = {
        state: "failed",
        problem: { reason: "shutting_down", message: "server is shutting down" },
      } as const;
      const first = server();
      await first.start(from("hangs"), CALLER);
      await first.close();
      expect(await first.find(at("hangs"), CALLER)).toMatchObject(broken);
      const killed = server();
      await killed.start(from("hangs"), CALLER);
      await killed.start(from("other"), CALLER);
      const store = new DatabaseCloneStore(database);
      // As a server leaves it that is killed between the repository's coming to its place and the note.
      await store.put({ owner: "user:7", job: { ...from("whole"), state: "running", startedAtMs: 1 } });
      there.add("whole.git");
      const next = server();
      await next.recover();
      expect(await next.find(at("hangs"), CALLER)).toMatchObject(broken);
      expect(await next.find(at("whole"), CALLER)).toMatchObject({ state: "done", endedAtMs: clock.nowMs() });
      expect(await store.running()).toEqual([]);
      expect(await next.start(from("hangs"), CALLER)).toMatchObject({ state: "running" });
      await Promise.all([killed.close(), next.close()]);
    });

    test("is forgotten after a month", async () => {
      const clones = server();
      await clones.start(from("works"), CALLER);
      await ended(clones, "works");
      clock.advance(29 * DAY_MS);
      await clones.start(from("fails"), CALLER);
      await ended(clones, "fails");
      expect(await clones.find(at("works"), CALLER)).toMatchObject({ repository: at("works") });
      clock.advance(2 * DAY_MS);
      await clones.start(from("fails"), CALLER);
      await ended(clones, "fails");
      expect(await failureOf(clones.find(at("works"), CALLER))).toMatchObject({ reason: "clone_not_found" });
    });
  });
}
