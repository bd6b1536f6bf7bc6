import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { git, gitOutput } from "../../../test/support/git-client.ts";
import { cleanEnvironment, holdfast, type RunningServer, startServer } from "../../../test/support/running-server.ts";
import {
  NotFoundError,
  type RepositoryEvent,
  UnauthorizedError,
  ValidationError,
  type WatchedEvent,
  watchRepository,
  ZERO_ID,
} from "../../src/index.ts";
import type { RepositoryWatch } from "../../src/watch/repository-watch.ts";

const TOKEN = "watched-holdfast-token-of-the-administrator";

describe("watchRepository of a Holdfast", () => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-watch-"));
  const data = join(place, "data");
  let server: RunningServer;
  let url: string;
  let works = 0;

  beforeAll(async () => {
    server = await startServer({ data, env: { HOLDFAST_ADMIN_TOKEN: TOKEN } });
    url = server.addresses["http"]!;
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  /** The same server again: its data, its ports. */
  async function restart(): Promise<void> {
    const port = (door: string) => server.addresses[door]!.split(":").at(-1)!;
    const ports = {
      HOLDFAST_HTTP_PORT: port("http"),
      HOLDFAST_GRPC_PORT: port("grpc"),
      HOLDFAST_SSH_PORT: port("ssh"),
      HOLDFAST_GIT_PORT: port("git"),
    };
    server = await startServer({ data, env: { HOLDFAST_ADMIN_TOKEN: TOKEN, ...ports } });
  }

  const command = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await holdfast(args, { HOLDFAST_DATA: data });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };

  /** A repository, and a work tree that pushes to it. */
  async function repository(name: string) {
    await command("repo", "create", name);
    const work = join(place, `work-${works++}`);
    await gitOutput(place, ["init", "-q", "-b", "main", work]);
    const address = `${url.replace("://", `://admin:${TOKEN}@`)}/git/${name}`;
    return {
      address,
      commit: async (message: string) => {
        await gitOutput(work, ["commit", "-q", "--allow-empty", "-m", message]);
        return gitOutput(work, ["rev-parse", "HEAD"]);
      },
      tag: (name_: string) => gitOutput(work, ["tag", name_]),
      push: (...refspecs: string[]) => git(work, ["push", "-q", address, ...refspecs]),
      tip: async () => (await gitOutput(work, ["ls-remote", address, "refs/heads/main"])).split("\t")[0]!,
    };
  }

  /** Events up to the first that fits. */
  async function until(watch: RepositoryWatch, fits: (event: WatchedEvent) => boolean): Promise<WatchedEvent[]> {
    const events: WatchedEvent[] = [];
    for (;;) {
      const { value } = await watch.next();
      if (value === undefined) throw new Error("the watch has ended");
      events.push(value);
      if (fits(value)) return events;
    }
  }

  const moves = (events: readonly WatchedEvent[]): RepositoryEvent[] =>
    events.filter((each): each is RepositoryEvent => each.event === "ref_updated");

  test("tells of pushes as they happen, branches and tags", async () => {
    const { commit, push, tag } = await repository("alice/told");
    await using watch = watchRepository("alice/told", { url });
    const since = await watch.ready;
    const id = await commit("one");
    await tag("v1.0");
    expect((await push("main", "v1.0")).code).toBe(0);
    const events = await until(watch, (each) => each.event === "ref_updated" && each.tag === "v1.0");
    expect(events.map(({ event }) => event)).toEqual([
      "branch_created",
      "push",
      "ref_updated",
      "tag_created",
      "push",
      "ref_updated",
    ]);
    expect(moves(events)[0]).toMatchObject({
      repo: "alice/told",
      ref: "refs/heads/main",
      branch: "main",
      oldId: ZERO_ID,
      newId: id,
      actor: "admin",
      door: "http",
    });
    expect(BigInt(events[0]!.id)).toBeGreaterThan(BigInt(since));
  });

  test("each change is told once while the server is killed and started again", async () => {
    const { commit, push, tip } = await repository("alice/killed");
    await using watch = watchRepository({ storage: "default", relativePath: "alice/killed.git" }, { url });
    const since = await watch.ready;
    let last = "";
    const told = (async () => {
      const events: WatchedEvent[] = [];
      for await (const event of watch) {
        events.push(event);
        if (event.event === "ref_updated" && event.newId === last) return events;
      }
      throw new Error("the watch has ended");
    })();
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 3; n++) {
        await commit(`${round}.${n}`);
        expect((await push("main")).code).toBe(0);
      }
      await commit(`${round}, while it dies`);
      const dying = push("main");
      // Before git has reached the server, while it is there, and behind its change.
      await Bun.sleep(30 * round);
      await server.kill();
      await dying;
      await restart();
    }
    last = await commit("the last");
    expect((await push("main")).code).toBe(0);
    const events = await told;
    // Each move begins where the one before has ended: none is missing, none came twice, whatever became of the dying pushes.
    let at = ZERO_ID;
    for (const { oldId, newId } of moves(events)) {
      expect(oldId).toBe(at);
      at = newId!;
    }
    expect(at).toBe(await tip());
    // And it is what the server's journal has.
    await using again = watchRepository("alice/killed", { url, since });
    const replayed = await until(again, (each) => each.event === "ref_updated" && each.newId === last);
    expect(events.map(({ id }) => id)).toEqual(replayed.map(({ id }) => id));
  }, 120_000);

  test("a server that stands still is noticed, and found again", async () => {
    const { commit, push } = await repository("alice/frozen");
    const lost = Promise.withResolvers<Error>();
    const options = { url, silenceMaxMs: 200, pongMaxMs: 200 };
    await using watch = watchRepository("alice/frozen", {
      ...options,
      onDisconnected: ({ error }) => lost.resolve(error),
    });
    await watch.ready;
    process.kill(server.pid, "SIGSTOP");
    try {
      expect((await lost.promise).message).toContain("has not answered a ping");
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
    const id = await commit("one");
    await push("main");
    const events = await until(watch, (each) => each.event === "ref_updated");
    expect(moves(events)[0]).toMatchObject({ newId: id });
  });

  test("a reader that is slow gets everything", async () => {
    const { commit, push } = await repository("alice/slow");
    await using watch = watchRepository("alice/slow", { url, waitingEventsMax: 3 });
    await watch.ready;
    await commit("one");
    const branches = Array.from({ length: 40 }, (_, n) => `main:refs/heads/branch-${n}`);
    expect((await push(...branches)).code).toBe(0);
    const events = await until(watch, (each) => each.event === "ref_updated" && each.branch === "branch-39");
    expect(moves(events).map(({ branch }) => branch)).toEqual(
      branches.map((each) => each.slice("main:refs/heads/".length)),
    );
  });

  test("wrong credentials, a repository that is not there and a future event end it", async () => {
    await repository("alice/ends");
    const failure = (watch: RepositoryWatch) => watch.next().catch((error: unknown) => error);
    expect(await failure(watchRepository("alice/ends", { url, token: "wrong" }))).toBeInstanceOf(UnauthorizedError);
    const missing = await failure(watchRepository("alice/nowhere", { url }));
    expect(missing).toBeInstanceOf(NotFoundError);
    expect(missing).toHaveProperty("requestId", expect.any(String));
    const future = await failure(watchRepository("alice/ends", { url, since: "999999999" }));
    expect(future).toBeInstanceOf(ValidationError);
  });

  test("a private repository is told to its readers, until their token is revoked", async () => {
    await command("user", "create", "bob");
    await command("repo", "create", "bob/secret", "--private");
    const made = await command("token", "create", "watching", "--user", "bob", "--json");
    const { token } = JSON.parse(made) as { token: string };
    const stranger = watchRepository("bob/secret", { url });
    expect(await stranger.next().catch((error: unknown) => error)).toBeInstanceOf(NotFoundError);
    const watch = watchRepository("bob/secret", { url, token });
    await watch.ready;
    await command("token", "revoke", "watching", "--user", "bob");
    expect(await watch.next().catch((error: unknown) => error)).toBeInstanceOf(UnauthorizedError);
  });

  test.each(["node", process.execPath])("the package works on %s", async (runtime) => {
    const name = `alice/on-${works}`;
    const { commit, push } = await repository(name);
    const program = join(import.meta.dir, "print-events.mjs");
    const child = Bun.spawn([runtime, program, name], {
      env: { ...cleanEnvironment(), HOLDFAST_URL: url },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    try {
      const lines = linesOf(child.stdout);
      expect(await lines.next()).toMatchObject({ value: { ready: expect.any(String) as string } });
      const id = await commit("one");
      expect((await push("main")).code).toBe(0);
      const names: unknown[] = [];
      for await (const { event, newId } of lines) {
        names.push(event);
        if (event !== "ref_updated") continue;
        expect(newId).toBe(id);
        break;
      }
      expect(names).toEqual(["branch_created", "push", "ref_updated"]);
    } finally {
      child.kill();
      await child.exited;
    }
  });
});

/** A stream's lines, each of them JSON. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Record<string, unknown>, undefined> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as Record<string, unknown>;
  }
}
