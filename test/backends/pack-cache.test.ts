import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitBackend, PackOutput, PackRequest, RepositoryView } from "../../src/backend/backend.ts";
import { createCachingBackend } from "../../src/backend/caching/caching-backend.ts";
import { PackCache, type PackCacheAnswer, type PackCacheOptions } from "../../src/backend/caching/pack-cache.ts";
import { createFaultyBackend, type Fault } from "../../src/backend/faulty/faulty-backend.ts";
import { createShellBackend, type ShellBackend } from "../../src/backend/shell/shell-backend.ts";
import { loadConfig } from "../../src/config.ts";
import { hasReason, OperationError } from "../../src/domain/errors.ts";
import { createGit } from "../../src/main/create-git.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { failureOf } from "../support/failure-of.ts";
import { Gate } from "../support/gate.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const LARGE_BYTES = 3 * 1024 * 1024;

/** Content that no compression makes smaller, the same in every run. */
function noise(bytes: number, seed: number): Buffer {
  const content = Buffer.alloc(bytes);
  for (let at = 0, state = seed; at < bytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content[at] = state >>> 24;
  }
  return content;
}

let repository: TemporaryRepository;
let view: RepositoryView;
let first: string;
let tip: string;
let directory: string;
let request: PackRequest;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-pack-cache-"));
  repository = await TemporaryRepository.create();
  first = await repository.commit({ files: { large: noise(LARGE_BYTES, 1) } });
  tip = await repository.commit({ files: { large: noise(LARGE_BYTES, 1), more: noise(LARGE_BYTES, 2) } });
  view = { gitDir: repository.path, objectFormat: "sha1" };
  request = { wants: [tip], haves: [], thin: false, ofsDelta: true, includeTag: false };
});

afterAll(async () => {
  await repository[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

interface Opened {
  readonly backend: GitBackend;
  readonly shell: ShellBackend;
  readonly cache: PackCache;
  readonly answers: PackCacheAnswer[];
  /** How many packs were begun, into a file or not. */
  packs(): number;
  /** Resolves when so many have been told what they get. */
  told(count: number): Promise<void>;
  /** Resolves when the cache keeps so many bytes. */
  keeps(bytes: number): Promise<void>;
}

const opened: GitBackend[] = [];

afterEach(async () => {
  for (const backend of opened.splice(0)) await backend.close();
});

function open(
  more: Partial<PackCacheOptions> = {},
  fault: (method: string) => Fault | undefined = () => undefined,
): Opened {
  const answers: PackCacheAnswer[] = [];
  let packs = 0;
  let kept = 0;
  let told: (() => void) | undefined;
  let answered: (() => void) | undefined;
  const shell = createShellBackend({
    onChild: ({ kind, command }) => (packs += kind === "started" && command === "pack-objects" ? 1 : 0),
  });
  const cache = new PackCache({
    directory: join(directory, "packs"),
    bytesMax: 100_000_000,
    entryBytesMax: 100_000_000,
    ageMs: 600_000,
    reserveBytes: 0,
    reserveShare: 0,
    observer: {
      answered: (how) => {
        answers.push(how);
        answered?.();
      },
      bytes: (bytes) => {
        kept = bytes;
        told?.();
      },
    },
    ...more,
  });
  const inner = createFaultyBackend(shell, (entry) => (entry.facet === "pack" ? fault(entry.method) : undefined));
  const backend = createCachingBackend(inner, { cache, generation: () => generation });
  opened.push(backend);
  const keeps = async (bytes: number) => {
    while (kept !== bytes) await new Promise<void>((resolve) => (told = resolve));
  };
  const tellAll = async (count: number) => {
    while (answers.length < count) await new Promise<void>((resolve) => (answered = resolve));
  };
  return { backend, shell, cache, answers, packs: () => packs, told: tellAll, keeps };
}

let generation = 0n;

async function packOf(stream: AsyncIterable<PackOutput>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const { kind, bytes } of stream) if (kind === "pack") pieces.push(bytes);
  return Buffer.concat(pieces);
}

/** Does real git take the pack for whole? */
async function isWhole(pack: Buffer): Promise<boolean> {
  await using target = await TemporaryRepository.create();
  await target.git(["index-pack", "--stdin", "--strict"], { input: pack });
  await target.git(["rev-list", "--objects", tip]);
  return true;
}

/** Reads until the first piece of the pack has come. */
async function begin(stream: AsyncIterable<PackOutput>): Promise<AsyncIterator<PackOutput>> {
  const reader = stream[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await reader.next();
    if (done === true) throw new Error("no pack came");
    if (value.kind === "pack") return reader;
  }
}

/** Runs a test on a disk of so many bytes. */
async function withSmallDisk(bytes: number, run: (place: string) => Promise<void>): Promise<void> {
  const place = await mkdtemp(join(directory, "disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", place]);
  if (mounted.status !== 0) {
    process.stderr.write(`not tested: a small disk needs the right to mount one: ${String(mounted.stderr)}`);
    return;
  }
  try {
    await run(place);
  } finally {
    spawnSync("umount", ["-l", place]);
  }
}

describe("identical requests", () => {
  test("at once share one child, and each has the whole pack", async () => {
    const gate = new Gate();
    const { backend, packs, answers, told } = open({}, (method) =>
      method === "createInto" ? { before: () => gate.pass() } : undefined,
    );
    const asked = Array.from({ length: 8 }, () => packOf(backend.pack.create(view, request)));
    await told(8);
    gate.open();
    const all = await Promise.all(asked);
    expect(packs()).toBe(1);
    expect(answers.toSorted()).toEqual(["miss", ...Array.from({ length: 7 }, () => "shared" as const)]);
    for (const pack of all) expect(Buffer.compare(pack, all[0]!)).toBe(0);
    expect(await isWhole(all[0]!)).toBe(true);
  });

  test("lend their pieces, each good until the next is asked for, to who asks for that", async () => {
    const { backend } = open();
    const whole = await packOf(backend.pack.create(view, request));
    const places = new Set<ArrayBufferLike>();
    const pieces: Buffer[] = [];
    for await (const { kind, bytes } of backend.pack.create(view, { ...request, lent: true })) {
      if (kind !== "pack") continue;
      places.add(bytes.buffer);
      pieces.push(Buffer.from(bytes));
    }
    expect(Buffer.compare(Buffer.concat(pieces), whole)).toBe(0);
    // All pieces but the last, which is smaller.
    expect(pieces.length).toBeGreaterThan(10);
    expect(places.size).toBeLessThanOrEqual(2);
  });

  test("later are answered from the file, progress included", async () => {
    const { backend, packs, answers } = open();
    const before = await packOf(backend.pack.create(view, request));
    const outputs: PackOutput[] = [];
    // The order of wants does not matter.
    for await (const output of backend.pack.create(view, request)) outputs.push(output);
    const of = (kind: string) =>
      Buffer.concat(outputs.filter((output) => output.kind === kind).map(({ bytes }) => bytes));
    expect(Buffer.compare(of("pack"), before)).toBe(0);
    expect(of("progress").toString()).toContain("Enumerating objects");
    expect([packs(), answers]).toEqual([1, ["miss", "hit"]]);
  });

  test("are others after a change, for other objects, and in a repository made anew", async () => {
    await using other = await TemporaryRepository.create();
    const oid = await other.commit({ files: { a: "a" } });
    const otherView = { ...view, gitDir: other.path };
    const { backend, answers } = open();
    const ask = async (where: RepositoryView, more: Partial<PackRequest>) =>
      void (await packOf(backend.pack.create(where, { ...request, ...more })));
    await ask(view, {});
    await ask(view, { wants: [first] });
    await ask(view, { haves: [first] });
    await ask(view, { filter: "blob:none" });
    await ask(view, { shallow: [tip] });
    await ask(view, { includeTag: true });
    generation++;
    await ask(view, {});
    await ask(otherView, { wants: [oid] });
    await other.recreate();
    expect(await other.commit({ files: { a: "a" } })).toBe(oid);
    await ask(otherView, { wants: [oid] });
    expect(answers).toEqual(Array.from({ length: 9 }, () => "miss" as const));
    await ask(otherView, { wants: [oid] });
    expect(answers.at(-1)).toBe("hit");
    backend.forget(other.path);
    await ask(otherView, { wants: [oid] });
    expect(answers.at(-1)).toBe("miss");
  });

  test("of a quarantine are not shared", async () => {
    const { backend, answers } = open();
    await packOf(backend.pack.create({ ...view, quarantineDir: `${repository.path}/quarantine-1` }, request));
    await rm(`${repository.path}/quarantine-1`, { recursive: true });
    expect(answers).toEqual([]);
  });
});

describe("readers that leave", () => {
  test("do not take the pack from the others", async () => {
    const gate = new Gate();
    const { backend, packs, told } = open({}, (method) =>
      method === "createInto" ? { before: () => gate.pass() } : undefined,
    );
    const aborter = new AbortController();
    const canceled = packOf(backend.pack.create({ ...view, signal: aborter.signal }, request));
    const left = backend.pack.create(view, request)[Symbol.asyncIterator]();
    const leaving = left.next();
    const whole = packOf(backend.pack.create(view, request));
    await gate.reached;
    await told(3);
    aborter.abort();
    expect(hasReason(await failureOf(canceled), "canceled")).toBe(true);
    gate.open();
    await leaving;
    await left.return?.();
    expect(await isWhole(await whole)).toBe(true);
    expect(packs()).toBe(1);
  });

  test("read at their own pace", async () => {
    const { backend } = open();
    const slow = await begin(backend.pack.create(view, request));
    const fast = await packOf(backend.pack.create(view, request));
    expect(await isWhole(fast)).toBe(true);
    let bytes = 0;
    for (let next = await slow.next(); next.done !== true; next = await slow.next()) {
      if (next.value.kind === "pack") bytes += next.value.bytes.length;
    }
    expect(bytes).toBeGreaterThan(LARGE_BYTES);
    expect(bytes).toBeLessThan(fast.length);
  });

  test("as the last end the run, and the next one begins anew", async () => {
    const gate = new Gate();
    // The stream of progress is held, so that the run is not over when the readers leave.
    let held = true;
    const { backend, shell, cache, answers } = open({}, (method) =>
      method === "createInto" && held ? { before: () => gate.pass() } : undefined,
    );
    const aborter = new AbortController();
    const only = packOf(backend.pack.create({ ...view, signal: aborter.signal }, request));
    await gate.reached;
    aborter.abort();
    expect(hasReason(await failureOf(only), "canceled")).toBe(true);
    held = false;
    gate.open();
    expect(await isWhole(await packOf(backend.pack.create(view, request)))).toBe(true);
    expect(answers).toEqual(["miss", "miss"]);
    expect(shell.childPids).toEqual([]);
    expect(cache.entries).toBe(1);
  });

  test("closing ends what runs", async () => {
    const { backend, shell } = open();
    const reader = await begin(backend.pack.create(view, request));
    await backend.close();
    expect(shell.childPids).toEqual([]);
    await reader.return?.();
  });
});

describe("limits", () => {
  test("of age", async () => {
    const { backend, cache, keeps, answers } = open({ ageMs: 20 });
    const pack = await packOf(backend.pack.create(view, request));
    await keeps(pack.length);
    await keeps(0);
    expect(cache.entries).toBe(0);
    await packOf(backend.pack.create(view, request));
    expect(answers).toEqual(["miss", "miss"]);
  });

  test("of one pack: it is handed out, and not kept", async () => {
    const { backend, cache, answers } = open({ entryBytesMax: LARGE_BYTES });
    expect(await isWhole(await packOf(backend.pack.create(view, request)))).toBe(true);
    expect([cache.bytes, cache.entries]).toEqual([0, 0]);
    expect(answers).toEqual(["miss"]);
  });

  test("of one pack: a larger one is shared as long as somebody reads it", async () => {
    await using packed = await TemporaryRepository.create();
    const oid = await packed.commit({ files: { large: noise(LARGE_BYTES, 1) } });
    await packed.git(["gc", "-q"]);
    const where = { ...view, gitDir: packed.path };
    const { backend, cache, answers, packs } = open({ entryBytesMax: LARGE_BYTES });
    const create = () => backend.pack.create(where, { ...request, wants: [oid] });
    const slow = await begin(create());
    const all = await Promise.all([packOf(create()), packOf(create())]);
    // Also when it is whole.
    all.push(await packOf(create()));
    for (const pack of all) expect(Buffer.compare(pack, all[0]!)).toBe(0);
    expect([packs(), cache.entries, cache.bytes]).toEqual([1, 1, 0]);
    expect([answers.slice(0, 1), answers.slice(3)]).toEqual([["miss"], ["hit"]]);
    await slow.return?.();
    expect(cache.entries).toBe(0);
    await packOf(create());
    expect([packs(), answers.at(-1), cache.entries]).toEqual([2, "miss", 0]);
  });

  test("of the disk for packs that are not kept", async () => {
    await using packed = await TemporaryRepository.create();
    const oid = await packed.commit({ files: { large: noise(LARGE_BYTES, 1), small: "small\n" } });
    await packed.git(["gc", "-q"]);
    const { backend, answers } = open({ entryBytesMax: LARGE_BYTES, reserveShare: 1 });
    await packOf(backend.pack.create({ ...view, gitDir: packed.path }, { ...request, wants: [oid] }));
    await packOf(backend.pack.create(view, request));
    expect(answers).toEqual(["bypass", "miss"]);
  });

  test("of all packs: the one used longest ago goes", async () => {
    await using small = await TemporaryRepository.create();
    const blobs = await Promise.all([1, 2, 3].map((seed) => small.writeObject("blob", noise(10_000, seed))));
    const { backend, cache, answers } = open({ bytesMax: 25_000 });
    for (const [index, expected] of [
      [0, "miss"],
      [1, "miss"],
      [0, "hit"],
      [2, "miss"],
      [0, "hit"],
      [1, "miss"],
    ] as const) {
      await packOf(backend.pack.create({ ...view, gitDir: small.path }, { ...request, wants: [blobs[index]!] }));
      expect([index, answers.at(-1)]).toEqual([index, expected]);
      expect(cache.bytes).toBeLessThan(25_000);
    }
  });

  for (const [packCacheBytes, children] of [
    [0, 2],
    [1024 ** 3, 1],
  ] as const) {
    test(`of packCacheBytes = ${packCacheBytes}: two who ask at once make ${children} of it`, async () => {
      const data = await mkdtemp(join(directory, "data-"));
      const { config } = loadConfig({ flags: { data }, env: {}, cwd: data, readFile: () => undefined });
      const telemetry = createTelemetry({ version: "0", logLevel: "silent", clock: systemClock });
      const { git } = createGit({ ...config, packCacheBytes }, telemetry, data, () => 0n);
      await Promise.all([1, 2].map(() => packOf(git.pack.create(view, request))));
      expect(telemetry.metrics.childrenStarted("pack-objects").value).toBe(children);
      const made = (await readdir(data)).filter((name) => name !== "remotes");
      expect(made).toEqual(packCacheBytes === 0 ? [] : ["cache"]);
      await git.close();
      telemetry.close();
    });
  }

  test("of packs at once", async () => {
    const { backend, cache, answers } = open({ entriesMax: 1 });
    await packOf(backend.pack.create(view, { ...request, wants: [first] }));
    const reader = await begin(backend.pack.create(view, request));
    expect(cache.entries).toBe(1);
    await packOf(backend.pack.create(view, { ...request, wants: [first] }));
    expect(answers.slice(0, 2)).toEqual(["miss", "miss"]);
    await reader.return?.();
  });
});

describe("trouble", () => {
  test("what a server that was killed has left is cleared away, and nothing else", async () => {
    const place = await mkdtemp(join(directory, "left-"));
    await writeFile(join(place, "pack-01234567-89ab-cdef-0123-456789abcdef"), "half a pack");
    await writeFile(join(place, "somebody's notes"), "");
    const { backend } = open({ directory: place });
    expect(await readdir(place)).toEqual(["somebody's notes"]);
    const reader = await begin(backend.pack.create(view, request));
    // The file that is being written has no name that could be left.
    expect(await readdir(place)).toEqual(["somebody's notes"]);
    await reader.return?.();
  });

  test("a disk without room is passed by", async () => {
    const { backend, answers } = open({ reserveBytes: Number.MAX_SAFE_INTEGER });
    expect(await isWhole(await packOf(backend.pack.create(view, request)))).toBe(true);
    expect(answers).toEqual(["bypass"]);
  });

  test("a directory that is gone is passed by", async () => {
    const place = await mkdtemp(join(directory, "gone-"));
    const { backend, answers } = open({ directory: place });
    await rm(place, { recursive: true });
    expect(await isWhole(await packOf(backend.pack.create(view, request)))).toBe(true);
    expect(answers).toEqual(["bypass"]);
  });

  test("a disk that fills before the pack has begun costs nobody the pack", async () => {
    const error = new OperationError("disk_full", {});
    const { backend, cache } = open({}, (method) => (method === "createInto" ? { error } : undefined));
    const all = await Promise.all(Array.from({ length: 3 }, () => packOf(backend.pack.create(view, request))));
    for (const pack of all) expect(await isWhole(pack)).toBe(true);
    expect(cache.entries).toBe(0);
  });

  test("a disk that fills in the middle of a pack fails that pack alone", async () => {
    await withSmallDisk(LARGE_BYTES, async (place) => {
      // Loose objects are not counted beforehand.
      const { backend, shell, cache, answers } = open({ directory: place });
      await using loose = await TemporaryRepository.create();
      const blobs = await Promise.all([3, 4].map((seed) => loose.writeObject("blob", noise(LARGE_BYTES, seed))));
      const where = { ...view, gitDir: loose.path };
      const error = await failureOf(packOf(backend.pack.create(where, { ...request, wants: blobs })));
      expect(error).toMatchObject({ reason: "disk_full" });
      expect([cache.entries, shell.childPids]).toEqual([0, []]);
      const blob = await loose.writeObject("blob", "small\n");
      expect((await packOf(backend.pack.create(where, { ...request, wants: [blob] }))).length).toBeGreaterThan(32);
      expect(answers).toEqual(["miss", "miss"]);
      await backend.close();
    });
  });

  test("a disk whose room has been promised to packs that are being made is passed by", async () => {
    await using packed = await TemporaryRepository.create();
    const oid = await packed.commit({ files: { large: noise(LARGE_BYTES, 1) } });
    await packed.git(["gc", "-q"]);
    await withSmallDisk(1.5 * LARGE_BYTES + 1024 * 1024, async (place) => {
      const gate = new Gate();
      const { backend, answers } = open({ directory: place, entryBytesMax: LARGE_BYTES }, (method) =>
        method === "createInto" ? { before: () => gate.pass() } : undefined,
      );
      const ask = (filter?: string) =>
        packOf(
          backend.pack.create(
            { ...view, gitDir: packed.path },
            { ...request, wants: [oid], ...(filter === undefined ? {} : { filter }) },
          ),
        );
      const first = ask();
      await gate.reached;
      await ask("blob:none");
      expect(answers).toEqual(["miss", "bypass"]);
      gate.open();
      await first;
      await ask("blob:none");
      expect(answers.at(-1)).toBe("miss");
      await backend.close();
    });
  });

  test("an error of git is everybody's, and is not kept", async () => {
    const gate = new Gate();
    const { backend, cache, answers, told } = open({}, (method) =>
      method === "createInto" ? { before: () => gate.pass() } : undefined,
    );
    const missing = { ...request, wants: ["1".repeat(40)] };
    const asked = [1, 2].map(() => failureOf(packOf(backend.pack.create(view, missing))));
    // Git may have refused the first before the second has looked.
    await told(2);
    gate.open();
    const errors = await Promise.all(asked);
    for (const error of errors) expect(hasReason(error, "objects_missing")).toBe(true);
    expect(answers.filter((answer) => answer !== "miss")).toEqual(["shared"]);
    expect(cache.entries).toBe(0);
  });
});
