import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { DeliveredEvent } from "../../../src/contract/events.ts";
import type { Caller, Principal } from "../../../src/contract/principal.ts";
import type { RepositoryRef } from "../../../src/contract/repository-ref.ts";
import { listEvents } from "../../../src/operations/events/list-events.ts";
import { watchEvents } from "../../../src/operations/events/watch-events.ts";
import { watchRepository } from "../../../src/operations/events/watch-repository.ts";
import { removeRepository } from "../../../src/operations/repositories/remove-repository.ts";
import { renameRepository } from "../../../src/operations/repositories/rename-repository.ts";
import { failure } from "../../support/operation-story.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";

const ANYBODY: Principal = { kind: "anonymous", name: "anonymous" };

let story: TestEngine;
beforeEach(async () => {
  story = await openTestEngine();
});
afterEach(() => story.close());

/** What one caller is told, event by event. */
class Watcher {
  readonly #iterator: AsyncIterator<DeliveredEvent>;
  readonly #ending = new AbortController();

  constructor(watch: (caller: Caller) => AsyncIterable<DeliveredEvent>, principal: Principal = ANYBODY) {
    this.#iterator = watch({ ...story.as(principal), signal: this.#ending.signal })[Symbol.asyncIterator]();
  }

  async next(): Promise<string> {
    const { value, done } = await this.#iterator.next();
    return done === true ? "end" : `${(value as DeliveredEvent).event} ${(value as DeliveredEvent).event_id}`;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#iterator.return?.();
  }
}

const watching = (repository: RepositoryRef, principal?: Principal, since?: string) =>
  new Watcher(
    (caller) => story.engine.run(watchRepository, { repository, ...(since === undefined ? {} : { since }) }, caller),
    principal,
  );

const setPrivate = (repository: RepositoryRef, isPrivate: boolean) =>
  story.identity.repositories.setPrivate(repository, isPrivate);
const rename = (repository: RepositoryRef, name: string) => {
  const newRepository = { storage: "default", relativePath: `${name}.git` };
  return story.engine.run(renameRepository, { repository, newRepository }, story.caller);
};

describe("watchRepository", () => {
  test("begins where it says, and tells what happens then", async () => {
    const repository = await story.createRepository("a/b");
    const watcher = watching(repository);
    expect(await watcher.next()).toBe("events_begin 1");
    await story.createRepository("other");
    await rename(repository, "a/c");
    expect(await watcher.next()).toBe("repository_renamed 3");
    await watcher.stop();
    const again = watching({ storage: "default", relativePath: "a/c" }, undefined, "2");
    await failure(again.next(), "repository_not_found");
    const found = watching({ storage: "default", relativePath: "a/c.git" }, undefined, "2");
    expect([await found.next(), await found.next()]).toEqual(["events_begin 2", "repository_renamed 3"]);
    await found.stop();
  });

  test("answers for what may not be read as for what is not there", async () => {
    const repository = await story.createRepository("secret");
    await setPrivate(repository, true);
    const hidden = await failure(watching(repository).next(), "repository_not_found");
    const absent = await failure(
      watching({ storage: "default", relativePath: "nothing.git" }).next(),
      "repository_not_found",
    );
    expect([hidden.message, hidden.details]).toEqual([absent.message, { repository: "secret.git" }]);
    expect(absent.details).toEqual({ repository: "nothing.git" });
  });

  test("tells nothing more once the repository may not be read", async () => {
    const repository = await story.createRepository("a");
    const [stranger, service] = [watching(repository), watching(repository, story.caller.principal)];
    await Promise.all([stranger.next(), service.next()]);
    await setPrivate(repository, true);
    await rename(repository, "b");
    expect(await service.next()).toBe("repository_renamed 2");
    const told = stranger.next();
    await stranger.stop();
    expect(await told).toBe("end");
    await service.stop();
  });

  test("tells who was reading of the repository's end, and nobody else of what was before it", async () => {
    const repository = await story.createRepository("a");
    const watcher = watching(repository);
    await watcher.next();
    await story.engine.run(removeRepository, { repository }, story.caller);
    expect(await watcher.next()).toBe("repository_deleted 2");
    await watcher.stop();
    await story.createRepository("a");
    const later = watching(repository, undefined, "0");
    expect([await later.next(), await later.next()]).toEqual(["events_begin 0", "repository_created 3"]);
    await later.stop();
  });

  test("keeps nobody else from running, and the repository from nothing", async () => {
    await story.close();
    story = await openTestEngine({ requestsMax: 1, repositoryRequestsMax: 1 });
    const repository = await story.createRepository("a");
    const watchers = Array.from({ length: 20 }, () => watching(repository));
    for (const watcher of watchers) await watcher.next();
    const waiting = watchers.map((watcher) => watcher.next());
    await story.engine.run(removeRepository, { repository }, story.caller);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["repository_deleted 2"]));
    await Promise.all(watchers.map((watcher) => watcher.stop()));
  });

  test("refuses the number of an event that has not been", async () => {
    const repository = await story.createRepository("a");
    await failure(watching(repository, undefined, "2").next(), "invalid_input");
    await failure(watching(repository, undefined, "x").next(), "invalid_input");
  });
});

describe("watchEvents", () => {
  const all = (principal: Principal, admin?: boolean) =>
    new Watcher(
      (caller) => story.engine.run(watchEvents, { since: "0", ...(admin === undefined ? {} : { admin }) }, caller),
      principal,
    );

  test("tells of all that the caller may read", async () => {
    await story.createRepository("open");
    await setPrivate(await story.createRepository("closed"), true);
    await story.createRepository("third");
    const stranger = all(ANYBODY);
    expect([await stranger.next(), await stranger.next(), await stranger.next()]).toEqual([
      "events_begin 0",
      "repository_created 1",
      "repository_created 3",
    ]);
    await stranger.stop();
  });

  test("tells of administration nobody but administrators who ask", async () => {
    await failure(all(ANYBODY, true).next(), "forbidden");
    const admin = all(story.caller.principal, true);
    await admin.next();
    const next = admin.next();
    await story.createRepository("a");
    expect(await next).toBe("repository_created 1");
    await admin.stop();
  });
});

describe("what is watched by name", () => {
  const watch = (input: object, principal: Principal = ANYBODY) =>
    new Watcher((caller) => story.engine.run(watchEvents, input, caller), principal);

  test("is only that, of one repository, several, or all", async () => {
    const [a, b] = [await story.createRepository("a"), await story.createRepository("b")];
    await rename(a, "c");
    const one = new Watcher((caller) =>
      story.engine.run(watchRepository, { repository: b, since: "0", events: ["repository_deleted"] }, caller),
    );
    const c = { storage: "default", relativePath: "c.git" };
    const two = watch({ since: "0", repositories: [b, c], events: ["repository_renamed", "repository_deleted"] });
    const all = watch({ since: "0", events: ["repository_deleted"] });
    for (const watcher of [one, two, all]) expect(await watcher.next()).toBe("events_begin 0");
    expect(await two.next()).toBe("repository_renamed 3");
    const waiting = [one.next(), two.next(), all.next()];
    await story.engine.run(removeRepository, { repository: b }, story.caller);
    // Also of what ended he hears who has no wish for the events that told him that he could read it.
    expect(await Promise.all(waiting)).toEqual(Array(3).fill("repository_deleted 4"));
    for (const watcher of [one, two, all]) await watcher.stop();
  });

  test("is refused where one of several may not be read, or is not there", async () => {
    const [open, closed] = [await story.createRepository("open"), await story.createRepository("closed")];
    await setPrivate(closed, true);
    const hidden = await failure(watch({ repositories: [open, closed] }).next(), "repository_not_found");
    const none = { storage: "default", relativePath: "none.git" };
    const absent = await failure(watch({ repositories: [open, none] }).next(), "repository_not_found");
    expect(hidden.details.repository).toBe("closed.git");
    expect(absent.details.repository).toBe("none.git");
    const admin = watch({ repositories: [open, closed] }, story.caller.principal);
    expect(await admin.next()).toStartWith("events_begin");
    await admin.stop();
  });

  test("is refused where no event has the name", async () => {
    const error = await failure(watch({ events: ["push", "pusj"] }).next(), "invalid_input");
    expect(error.details).toEqual({ field: "events", problem: 'no event is called "pusj"; did you mean push?' });
  });
});

describe("listEvents", () => {
  const list = async (input: object, principal: Principal = ANYBODY) => {
    const events: string[] = [];
    for await (const batch of story.engine.run(listEvents, input, story.as(principal))) {
      events.push(...batch.map(({ event, event_id }) => `${event} ${event_id}`));
    }
    return events;
  };

  test("lists from where it is asked to, so many as are asked for", async () => {
    for (const name of ["a", "b", "c"]) await story.createRepository(name);
    const created = ["repository_created 1", "repository_created 2", "repository_created 3"];
    expect(await list({})).toEqual(created);
    expect(await list({ since: "1" })).toEqual(created.slice(1));
    expect(await list({ since: "1", limit: 1 })).toEqual([created[1]!]);
    expect(await list({ limit: 0 })).toEqual([]);
    expect(await list({ since: "3" })).toEqual([]);
    await failure(list({ since: "4" }), "invalid_input");
  });

  test("lists only what the caller may know", async () => {
    const closed = await story.createRepository("closed");
    await story.createRepository("open");
    await setPrivate(closed, true);
    expect(await list({})).toEqual(["repository_created 2"]);
    expect(await list({}, story.caller.principal)).toHaveLength(2);
    await failure(list({ admin: true }), "forbidden");
    expect(await list({ admin: true }, story.caller.principal)).toHaveLength(2);
  });
});
