import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RepositoryView } from "../../src/backend/backend.ts";
import type { ChildEvent } from "../../src/backend/shell/git-child.ts";
import {
  createShellBackend,
  type ShellBackend,
  type ShellBackendOptions,
} from "../../src/backend/shell/shell-backend.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const LARGE = Buffer.alloc(3 * 1024 * 1024, "a large file, which does not fit into a pipe\n");

let repository: TemporaryRepository;
let view: RepositoryView;
let head: string;
let directory: string;
const opened: ShellBackend[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-processes-"));
  repository = await TemporaryRepository.create();
  head = await repository.commit({ files: { "a.txt": "one\n", large: LARGE } });
  view = { gitDir: repository.path, objectFormat: "sha1" };
});

afterEach(async () => {
  for (const backend of opened.splice(0)) await backend.close();
});

afterAll(async () => {
  await repository[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** A backend that is closed after the test, and the events of its children. */
function open(options: ShellBackendOptions = {}): { backend: ShellBackend; events: ChildEvent[] } {
  const events: ChildEvent[] = [];
  const onChild = (event: ChildEvent) => {
    events.push(event);
    options.onChild?.(event);
  };
  const backend = createShellBackend({ ...options, onChild });
  opened.push(backend);
  return { backend, events };
}

/** A program in place of git. It says when it has begun by making a file. */
async function program(name: string, script: string): Promise<{ path: string; begun: () => Promise<string> }> {
  const path = join(directory, name);
  const mark = `${path}.begun`;
  await writeFile(path, `#!/bin/sh\nmark='${mark}'\n${script}\n`);
  await chmod(path, 0o755);
  return { path, begun: () => waitFor(async () => (await readFile(mark, "utf8").catch(() => "")).trim()) };
}

/** Asks until there is an answer. */
async function waitFor(ask: () => Promise<string>): Promise<string> {
  for (;;) {
    const answer = await ask();
    if (answer !== "") return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function errorOf(promise: Promise<unknown>): Promise<OperationError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OperationError);
  return error as OperationError;
}

async function collect<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

const blobOf = (path: string) => repository.text(["rev-parse", `HEAD:${path}`]);

describe("runs of git", () => {
  test("a failure tells argv and stderr to the log, and nothing of it to the client", async () => {
    const { backend } = open();
    const error = await errorOf(
      collect(backend.history.log(view, { revisions: ["HEAD"], paths: [":(nonsense)secret"] })),
    );
    expect(error).toMatchObject({ reason: "git_failed", details: { command: "rev-list", exitCode: 128 } });
    expect(error.context["argv"]).toContain(":(nonsense)secret");
    expect(String(error.context["stderr"])).toContain("fatal:");
  });

  test("a failure names git's command, not what it is configured with", async () => {
    const { path } = await program(
      "archive-fails",
      'for word; do [ "$word" = archive ] && exit 9; done; exec git "$@"',
    );
    const { backend, events } = open({ gitPath: path });
    const error = await errorOf(collect(backend.pack.archive(view, head, { format: "tar", prefix: "" })));
    expect(error).toMatchObject({ reason: "git_failed", details: { command: "archive", exitCode: 9 } });
    expect(events.map(({ command }) => command)).toContain("archive");
  });

  test("a program that is not there is a failure", async () => {
    const { backend } = open({ gitPath: join(directory, "nothing") });
    expect(await errorOf(backend.refs.head(view))).toMatchObject({ reason: "git_failed" });
    expect(await errorOf(backend.objects.info(view, head))).toMatchObject({ reason: "git_failed" });
  });

  test("a repository that is not there is named as such", async () => {
    const { backend } = open();
    const gone = { ...view, gitDir: join(directory, "gone.git") };
    expect(await errorOf(backend.refs.head(gone))).toMatchObject({ reason: "repository_not_found" });
    expect(await errorOf(backend.objects.info(gone, head))).toMatchObject({ reason: "repository_not_found" });
  });

  test("nothing of this process' environment, account or system reaches git", async () => {
    const fake = await program("environment", `env > "$mark"; exit 1`);
    const { backend } = open({ gitPath: fake.path });
    process.env["GIT_OBJECT_DIRECTORY"] = "/elsewhere";
    try {
      expect(await backend.refs.head(view)).toEqual({});
    } finally {
      delete process.env["GIT_OBJECT_DIRECTORY"];
    }
    const environment = await fake.begun();
    expect(environment).not.toContain("/elsewhere");
    expect(environment).toContain("GIT_CONFIG_GLOBAL=/dev/null");
    expect(environment).toContain("GIT_CONFIG_NOSYSTEM=1");
  });

  test("hooks of the repository do not run by themselves", async () => {
    const { backend } = open();
    const hook = join(repository.path, "hooks", "reference-transaction");
    await repository.git(["config", "core.hooksPath", join(repository.path, "hooks")]);
    await Bun.write(hook, "#!/bin/sh\nexit 1\n");
    await chmod(hook, 0o755);
    const prepared = await backend.refs.prepare(view, [{ name: "refs/heads/hooked", newOid: head }], { deref: true });
    await prepared.commit();
    expect(await backend.refs.read(view, "refs/heads/hooked")).toMatchObject({ oid: head });
    await repository.git(["config", "--unset", "core.hooksPath"]);
    await rm(hook);
  });

  test.skipIf(process.getuid?.() !== 0)("a repository of another user is served", async () => {
    await using foreign = await TemporaryRepository.create();
    const commit = await foreign.commit({ files: { a: "a" } });
    await Bun.spawn(["chown", "-R", "12345", foreign.path]).exited;
    const { backend } = open();
    const foreignView: RepositoryView = { gitDir: foreign.path, objectFormat: "sha1" };
    expect(await backend.objects.resolve(foreignView, "main")).toBe(commit);
    expect(await backend.refs.head(foreignView)).toEqual({ target: "refs/heads/main", oid: commit });
    await using target = await TemporaryRepository.create();
    const quarantineDir = await mkdtemp(`${target.path}-quarantine-`);
    const quarantined = { gitDir: target.path, objectFormat: "sha1", quarantineDir } as const;
    await collect(backend.maintenance.importFrom(quarantined, foreign.path));
    expect(await backend.objects.info(quarantined, commit)).toMatchObject({ type: "commit" });
  });
});

describe("limits", () => {
  test("output that is collected", async () => {
    const { backend } = open({ limits: { outputBytesMax: 10 } });
    expect(await errorOf(backend.refs.read(view, "refs/heads/main"))).toMatchObject({
      reason: "too_large",
      details: { limitBytes: 10 },
    });
    expect(backend.childPids).toEqual([]);
  });

  test("arguments", async () => {
    const { backend, events } = open({ limits: { argumentBytesMax: 1000 } });
    const paths = Array.from({ length: 100 }, (_, index) => `a/rather/long/path/${index}`);
    expect(await errorOf(collect(backend.history.log(view, { revisions: ["HEAD"], paths })))).toMatchObject({
      reason: "too_large",
    });
    expect(events).toEqual([]);
  });

  test("an object read as a whole; its beginning, and the stream, are still there", async () => {
    const { backend } = open({ limits: { objectBytesMax: 1024 * 1024 } });
    const large = await blobOf("large");
    expect(await errorOf(backend.objects.read(view, large))).toMatchObject({
      reason: "too_large",
      details: { what: "object", sizeBytes: LARGE.length, limitBytes: 1024 * 1024 },
    });
    const start = await backend.objects.read(view, large, 100);
    expect(start).toMatchObject({ size: LARGE.length });
    expect(Buffer.compare(start!.content, LARGE.subarray(0, 100))).toBe(0);
    expect(Buffer.compare(Buffer.concat(await collect(backend.objects.stream(view, large))), LARGE)).toBe(0);
  });

  test("time", async () => {
    const slow = await program("slow", `echo $$ > "$mark"; exec sleep 100`);
    const { backend } = open({ gitPath: slow.path, limits: { runTimeoutMs: 50 } });
    expect(await errorOf(backend.refs.head(view))).toMatchObject({ reason: "limit_exceeded" });
    expect(isAlive(Number(await slow.begun()))).toBe(false);
  });

  test("children at once: the others wait, and not for ever", async () => {
    let running = 0;
    let most = 0;
    const { backend } = open({
      limits: { childrenMax: 2 },
      onChild: ({ kind }) => (most = Math.max(most, (running += kind === "started" ? 1 : -1))),
    });
    await Promise.all(Array.from({ length: 12 }, () => backend.refs.read(view, "refs/heads/main")));
    expect(most).toBe(2);
    const hung = await program("hung", `echo $$ > "$mark"; exec sleep 100`);
    const full = open({ gitPath: hung.path, limits: { childrenMax: 1, childWaitMs: 20 } }).backend;
    const first = errorOf(full.refs.head(view));
    await hung.begun();
    expect(await errorOf(full.refs.head(view))).toMatchObject({ reason: "limit_exceeded" });
    await full.close();
    await first;
  });

  test("keep readers who take their time from places of others, and give theirs back", async () => {
    const { backend } = open({ limits: { walksFollowedMax: 1, childWaitMs: 20 } });
    const query = { revisions: [head], followed: true };
    const slow = backend.history.log(view, query)[Symbol.asyncIterator]();
    expect((await slow.next()).value).toEqual([head]);
    const log = (followed: boolean) =>
      backend.history
        .log(view, { ...query, followed })
        [Symbol.asyncIterator]()
        .next();
    expect(await errorOf(log(true))).toMatchObject({ reason: "limit_exceeded" });
    const blame = backend.history.blame(view, { commit: head, path: "a.txt", asFound: true });
    expect(await errorOf(blame[Symbol.asyncIterator]().next())).toMatchObject({ reason: "limit_exceeded" });
    expect((await log(false)).value).toEqual([head]);
    await slow.return?.();
    expect((await log(true)).value).toEqual([head]);
  });
});

describe("cancellation", () => {
  test("ends the child and what the child has started", async () => {
    const parent = await program("parent", `sleep 100 & echo "$$ $!" > "$mark"; wait`);
    const { backend, events } = open({ gitPath: parent.path });
    const controller = new AbortController();
    const answer = errorOf(backend.refs.head({ ...view, signal: controller.signal }));
    const pids = (await parent.begun()).split(" ").map(Number);
    controller.abort();
    expect(await answer).toMatchObject({ reason: "canceled" });
    expect(events.map(({ kind }) => kind)).toEqual(["started", "ended"]);
    expect(backend.childPids).toEqual([]);
    await waitFor(() => Promise.resolve(pids.some(isAlive) ? "" : "gone"));
  });

  test("kills a child that does not listen", async () => {
    const deaf = await program("deaf", `trap '' TERM; echo $$ > "$mark"; while :; do sleep 0.05; done`);
    const { backend } = open({ gitPath: deaf.path, limits: { killGraceMs: 30 } });
    const controller = new AbortController();
    const answer = errorOf(backend.refs.head({ ...view, signal: controller.signal }));
    const pid = Number(await deaf.begun());
    controller.abort();
    expect(await answer).toMatchObject({ reason: "canceled" });
    expect(isAlive(pid)).toBe(false);
  });

  test("a signal that has fired already starts nothing", async () => {
    const { backend, events } = open();
    const canceled = { ...view, signal: AbortSignal.abort() };
    expect(await errorOf(backend.objects.info(canceled, head))).toMatchObject({ reason: "canceled" });
    expect(await errorOf(backend.refs.head(canceled))).toMatchObject({ reason: "canceled" });
    expect(await errorOf(collect(backend.diff.raw(canceled, head, head)))).toMatchObject({ reason: "canceled" });
    expect(events).toEqual([]);
  });

  test("in the middle of a blob costs only the process that sent it", async () => {
    const { backend } = open();
    const large = await blobOf("large");
    const controller = new AbortController();
    const stream = backend.objects.stream({ ...view, signal: controller.signal }, large)[Symbol.asyncIterator]();
    await stream.next();
    const [pid] = backend.childPids;
    controller.abort();
    const rest = (async () => {
      while ((await stream.next()).done !== true);
    })();
    expect(await errorOf(rest)).toMatchObject({ reason: "canceled" });
    expect(isAlive(pid!)).toBe(false);
    expect(await backend.objects.info(view, large)).toMatchObject({ size: LARGE.length });
  });

  test("a reader that leaves early leaves no child behind", async () => {
    const { backend } = open();
    for await (const _ of backend.diff.raw(view, await repository.text(["mktree"]), head)) break;
    for await (const _ of backend.objects.stream(view, await blobOf("large"))) break;
    expect(backend.childPids).toEqual([]);
  });

  test("while a lock is waited for takes nothing", async () => {
    const { backend } = open();
    const lock = join(repository.path, "refs/heads/locked.lock");
    await writeFile(lock, "");
    const controller = new AbortController();
    const changes = [
      { name: "refs/heads/free", newOid: head },
      { name: "refs/heads/locked", newOid: head },
    ];
    const answer = errorOf(backend.refs.prepare({ ...view, signal: controller.signal }, changes, { deref: true }));
    // The first of the locks shows that the second is being waited for.
    await waitFor(() =>
      readFile(join(repository.path, "refs/heads/free.lock")).then(
        () => "there",
        () => "",
      ),
    );
    controller.abort();
    expect(await answer).toMatchObject({ reason: "canceled" });
    await waitFor(() =>
      readFile(join(repository.path, "refs/heads/free.lock")).then(
        () => "",
        () => "gone",
      ),
    );
    await waitFor(() => Promise.resolve(backend.childPids.length === 0 ? "none" : ""));
    await rm(lock);
    expect(await repository.text(["for-each-ref", "refs/heads/free", "refs/heads/locked"])).toBe("");
  });
});

describe("warm processes", () => {
  test("answer many requests, at once and one after another", async () => {
    const { backend, events } = open();
    const oids = await Promise.all(
      Array.from({ length: 30 }, (_, index) => repository.writeObject("blob", `blob ${index}`)),
    );
    for (let round = 0; round < 3; round++) {
      const objects = await Promise.all(oids.map((oid) => backend.objects.read(view, oid)));
      expect(objects.map((object) => Buffer.from(object!.content).toString())).toEqual(
        oids.map((_, index) => `blob ${index}`),
      );
    }
    for (const oid of oids) await backend.objects.info(view, oid);
    expect(events.filter(({ kind }) => kind === "started").length).toBeLessThanOrEqual(30);
  });

  test("are ended when they were idle for too long, or are too many", async () => {
    const ended = Promise.withResolvers<void>();
    const { backend } = open({
      limits: { catFileIdleMs: 0, catFileIdleMax: 2 },
      onChild: ({ kind }) => kind === "ended" && backend.childPids.length === 0 && ended.resolve(),
    });
    await Promise.all(Array.from({ length: 6 }, () => backend.objects.info(view, head)));
    expect(backend.childPids.length).toBeGreaterThan(0);
    await ended.promise;
    expect(backend.childPids).toEqual([]);
  });

  test("one that dies is replaced", async () => {
    const ended = Promise.withResolvers<void>();
    const { backend } = open({ onChild: ({ kind }) => kind === "ended" && ended.resolve() });
    await backend.objects.info(view, head);
    process.kill(backend.childPids[0]!, "SIGKILL");
    await ended.promise;
    expect(await backend.objects.info(view, head)).toMatchObject({ type: "commit" });
  });

  test("are ended with the repository they serve, and no other", async () => {
    const ended = Promise.withResolvers<void>();
    const { backend } = open({ onChild: ({ kind }) => kind === "ended" && ended.resolve() });
    await using other = await TemporaryRepository.create();
    await backend.objects.info(view, head);
    const kept = [...backend.childPids];
    await backend.objects.info({ ...view, gitDir: other.path }, head);
    backend.forget(other.path);
    await ended.promise;
    expect(backend.childPids).toEqual(kept);
  });

  test("see packs, references and alternates that came since", async () => {
    const { backend } = open();
    expect(await backend.objects.resolve(view, "later")).toBeUndefined();
    const commit = await repository.commit({ branch: "later", files: { later: "later" } });
    await repository.git(["repack", "-adq"]);
    await repository.git(["pack-refs", "--all"]);
    expect(await backend.objects.resolve(view, "later")).toBe(commit);
    await using other = await TemporaryRepository.create();
    const borrowed = await other.commit({ files: { borrowed: "from another" } });
    expect(await backend.objects.info(view, borrowed)).toBeUndefined();
    await writeFile(join(repository.path, "objects/info/alternates"), `${other.path}/objects\n`);
    expect(await backend.objects.info(view, borrowed)).toMatchObject({ type: "commit" });
    await rm(join(repository.path, "objects/info/alternates"));
    expect(await backend.objects.info(view, borrowed)).toBeUndefined();
  });

  test("closing ends all of them, and refuses what comes later", async () => {
    const { backend, events } = open();
    await Promise.all([backend.objects.info(view, head), backend.objects.info(view, head)]);
    const pids = [...backend.childPids];
    await backend.close();
    expect(pids.some(isAlive)).toBe(false);
    expect(events.filter(({ kind }) => kind === "started").length).toBe(
      events.filter(({ kind }) => kind === "ended").length,
    );
    expect(await errorOf(backend.objects.info(view, head))).toMatchObject({ reason: "shutting_down" });
  });
});
