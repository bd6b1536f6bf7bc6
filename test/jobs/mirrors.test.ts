import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Events, PendingEvent } from "../../src/contract/events.ts";
import type { MirrorRecord } from "../../src/contract/mirrors.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { Database } from "../../src/database/database.ts";
import { DatabaseMirrorStore } from "../../src/database/mirror-store.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { CredentialBox } from "../../src/jobs/credential-box.ts";
import { MirrorService } from "../../src/jobs/mirror-service.ts";
import { RemoteService } from "../../src/jobs/remote-service.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/read-story.ts";
import { DATABASES, makeTestDatabase, type TestDatabase } from "../support/test-databases.ts";

const MINUTE_MS = 60_000;
const URL_OF_IT = "https://git.example.com/project.git";
const at = (name: string): RepositoryRef => ({ storage: "default", relativePath: `${name}.git` });

/** Events that a test makes up. */
class MadeUpEvents implements Events {
  readonly #events: PendingEvent[] = [];
  readonly #wakes = new Set<() => void>();

  happen(name: PendingEvent["name"], ...repositories: RepositoryRef[]): void {
    const id = BigInt(this.#events.length + 1);
    const timestamp = "2026-01-01T00:00:00.000Z";
    const deliver = () => ({ event_id: String(id), event: name, timestamp, data: {} });
    this.#events.push({ id, name, repositories, isOutlived: () => false, deliver });
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }

  newest(): bigint {
    return BigInt(this.#events.length);
  }

  async recordAdmin(): Promise<void> {}

  async *past(): AsyncGenerator<readonly PendingEvent[]> {}

  async *watch({ since = 0n, signal }: Parameters<Events["watch"]>[0]): AsyncGenerator<readonly PendingEvent[]> {
    for (let position = Number(since); !signal.aborted;) {
      const batch = this.#events.slice(position);
      position += batch.length;
      if (batch.length > 0) yield batch;
      else {
        await new Promise<void>((resolve) => {
          this.#wakes.add(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    }
  }
}

for (const kind of DATABASES) {
  describe(`mirrors in ${kind}`, () => {
    let clock: FakeClock;
    let place: TestDatabase;
    let database: Database;
    let store: DatabaseMirrorStore;
    let events: MadeUpEvents;
    let service: MirrorService;
    /** Names of the mirrors that were run, in order. */
    let runs: string[];
    let answer: (mirror: MirrorRecord, signal: AbortSignal) => Promise<void>;
    const box = new CredentialBox(new Uint8Array(32).fill(7));

    beforeEach(async () => {
      clock = new FakeClock();
      place = await makeTestDatabase(kind);
      database = await place.open();
      store = new DatabaseMirrorStore(database);
      events = new MadeUpEvents();
      runs = [];
      answer = async () => {};
      await open();
    });
    afterEach(async () => {
      await service.close();
      await database.close();
      await place.remove();
    });

    async function open(): Promise<void> {
      service = new MirrorService({
        store,
        clock,
        dice: () => 0,
        events,
        box,
        gatherMs: 2_000,
        canonical: (ref) => ref,
        remotes: new RemoteService({
          allowPrivate: false,
          timeoutMs: 1,
          bytesMax: 1,
          remote: { list: () => Promise.reject(new Error("nobody asks")) },
        }),
        run: (mirror, signal) => {
          runs.push(mirror.name);
          return answer(mirror, signal);
        },
        onFailed: () => {},
      });
      service.start();
      await until(async () => (await store.cursor()) !== undefined);
    }

    const set = (name: string, more: Partial<Parameters<MirrorService["set"]>[0]> = {}) =>
      service.set({
        repository: at("a"),
        name,
        direction: "pull",
        intervalS: 600,
        source: { url: URL_OF_IT },
        ...more,
      });
    const ran = (times: number) => until(() => runs.length >= times && !anyRunning());
    const anyRunning = () => [1, 2, 3, 4, 5, 6].some((id) => service.isRunning({ id } as MirrorRecord));

    /** Time goes by, and the runner's timer with it: any mirror that is woken looks at the clock. */
    async function pass(ms: number): Promise<void> {
      clock.advance(ms);
      await service.close();
      await open();
    }

    test("are pulled at once, then after each interval, also across restarts", async () => {
      await set("origin");
      await ran(1);
      const first = await service.find(at("a"), "origin");
      expect(first.nextRunAtMs).toBe(clock.nowMs() + 600_000);
      await pass(599_999);
      expect(runs).toHaveLength(1);
      await pass(1);
      await ran(2);
      expect((await service.find(at("a"), "origin")).nextRunAtMs).toBe(clock.nowMs() + 600_000);
    });

    test("that fail are tried later and later, and never before their interval", async () => {
      answer = () =>
        Promise.reject(new OperationError("remote_unreachable", { host: "git.example.com", problem: "gone" }));
      await set("origin", { intervalS: 90 });
      const waits: number[] = [];
      for (let times = 1; times <= 4; times++) {
        await until(async () => (await service.find(at("a"), "origin")).failures === times);
        const { nextRunAtMs = 0, problem } = await service.find(at("a"), "origin");
        expect(problem).toBe("the other server cannot be reached: git.example.com: gone");
        waits.push((nextRunAtMs - clock.nowMs()) / MINUTE_MS);
        await pass(nextRunAtMs - clock.nowMs());
      }
      expect(waits).toEqual([1.5, 2, 4, 8]);
    });

    test("run once at a time; what makes them due meanwhile makes them run again", async () => {
      const going = Promise.withResolvers<void>();
      answer = () => going.promise;
      await set("origin");
      await until(() => runs.length === 1);
      clock.advance(1);
      await service.wake(at("a"), "origin");
      await service.wake(at("a"), "origin");
      expect(runs).toHaveLength(1);
      going.resolve();
      await ran(2);
      expect(runs).toHaveLength(2);
    });

    test("that push are due when references change, after they have gathered", async () => {
      await set("backup", { direction: "push" });
      await ran(1);
      expect((await service.find(at("a"), "backup")).nextRunAtMs).toBeUndefined();
      events.happen("push", at("b"));
      events.happen("branch_created", at("a"));
      await until(async () => (await service.find(at("a"), "backup")).nextRunAtMs !== undefined);
      const { nextRunAtMs } = await service.find(at("a"), "backup");
      expect(nextRunAtMs).toBe(clock.nowMs() + 2_000);
      // More changes put it off no further.
      clock.advance(1_000);
      events.happen("push", at("a"));
      await until(async () => (await store.cursor()) === 3n);
      expect((await service.find(at("a"), "backup")).nextRunAtMs).toBe(nextRunAtMs!);
      await pass(1_000);
      await ran(2);
    });

    test("miss nothing that happens while the server is down", async () => {
      await set("backup", { direction: "push" });
      await ran(1);
      await service.close();
      events.happen("push", at("a"));
      await open();
      await until(async () => (await service.find(at("a"), "backup")).nextRunAtMs !== undefined);
    });

    test("that were broken off by the server's end are still due", async () => {
      answer = (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("ended"))));
      await set("origin");
      await until(() => runs.length === 1);
      await service.close();
      expect((await service.find(at("a"), "origin")).lastRunAtMs).toBeUndefined();
      answer = async () => {};
      await open();
      await ran(2);
    });

    test("that are set anew while they run are broken off, and run as they are now", async () => {
      const urls: string[] = [];
      answer = ({ url }, signal) => {
        urls.push(url);
        if (urls.length > 1) return Promise.resolve();
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("ended"))));
      };
      await set("origin");
      await until(() => urls.length === 1);
      const other = "https://git.example.com/other.git";
      await set("origin", { source: { url: other } });
      await ran(2);
      expect(urls).toEqual([URL_OF_IT, other]);
      expect((await service.find(at("a"), "origin")).problem).toBeUndefined();
    });

    test("that are deleted while they run end", async () => {
      let ended = false;
      answer = (_, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => {
            ended = true;
            reject(new Error("ended"));
          }),
        );
      await set("origin");
      await until(() => runs.length === 1);
      await service.remove(at("a"), "origin");
      expect(ended).toBe(true);
    });

    test("go with their repository, and with what had its name before", async () => {
      await set("origin");
      await set("other", { repository: at("b") });
      await ran(2);
      events.happen("repository_renamed", at("a"), at("b"));
      await until(async () => (await service.list(at("a"))).length === 0);
      expect((await service.list(at("b"))).map(({ name }) => name)).toEqual(["origin"]);
      events.happen("repository_deleted", at("b"));
      await until(async () => (await service.list(at("b"))).length === 0);
    });

    test("keep credentials sealed, for one address alone", async () => {
      const secret = Buffer.from("hunter2hunter2");
      const { id } = await set("origin", { source: { url: URL_OF_IT, credential: { username: "robot", secret } } });
      expect(secret).toEqual(Buffer.alloc(secret.length));
      const sealed = (await store.credentialOf(id))!;
      expect(Buffer.from(sealed, "base64").toString("latin1")).not.toContain("hunter2");
      const { credential } = await service.sourceOf(await service.find(at("a"), "origin"));
      expect(credential?.username).toBe("robot");
      expect(Buffer.from(credential!.secret!).toString()).toBe("hunter2hunter2");
      expect(() => box.open(sealed, "https://evil.example.com/project.git")).toThrow("internal");
      const other = new CredentialBox(new Uint8Array(32).fill(8));
      expect(() => other.open(sealed, URL_OF_IT)).toThrow("internal");
      // The same text twice is not the same sealed.
      const again = { username: "robot", secret: Buffer.from("hunter2hunter2") };
      expect(box.seal(again, URL_OF_IT)).not.toBe(box.seal(again, URL_OF_IT));
    });

    test("are not too many", async () => {
      for (let n = 0; n < 20; n++) await set(`m${n}`);
      await failure(set("one-more"), "limit_exceeded");
      await set("m3");
    });
  });
}

/** The service does its work by itself and tells nobody: asked again until it has. */
async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadlineMs = Date.now() + 20_000; !(await happened());) {
    if (Date.now() > deadlineMs) throw new Error("it has not happened");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
