import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import type { GitBackend, PackRequest, QuarantinedView, RepositoryView } from "../../src/backend/backend.ts";
import { loadAddon } from "../../src/backend/libgit2/addon.ts";
import { createLibgit2Backend } from "../../src/backend/libgit2/libgit2-backend.ts";
import { createRoutedBackend } from "../../src/backend/routed/routed-backend.ts";
import { createShellBackend, type ShellBackend } from "../../src/backend/shell/shell-backend.ts";
import { failureOf } from "../support/failure-of.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const REQUEST: PackRequest = { wants: [], haves: [], thin: false, ofsDelta: true, includeTag: false };
const BYTES_MAX = 100_000_000;
const MEGABYTE = 1024 * 1024;
/** More than git may hold as a whole. */
const BOMB_BYTES = 700 * MEGABYTE;
/** Types of entries in a pack (gitformat-pack(5)). */
const TREE = 2;
const BLOB = 3;
const REF_DELTA = 7;

async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* breakingOff(bytes: Uint8Array, error: Error): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
  throw error;
}

async function packOf(backend: GitBackend, view: RepositoryView, request: Partial<PackRequest>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const { kind, bytes } of backend.pack.create(view, { ...REQUEST, ...request })) {
    if (kind === "pack") pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

/** What is in a pack, as git finds it; the repository has the bases of a thin one. */
async function objectsIn(pack: Buffer, objectFormat: "sha1" | "sha256" = "sha1"): Promise<string[]> {
  await using place = await TemporaryRepository.create({ objectFormat });
  await place.git(["index-pack", "--stdin"], { input: pack });
  return linesOf(await place.text(["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]));
}

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .toSorted();

/** An entry of a pack: its type and the size that it says it has, what goes before the content, and the content. */
function entryOf(type: number, size: number, content: Uint8Array, base: Uint8Array = Buffer.alloc(0)): Buffer {
  const header: number[] = [];
  let left = Math.floor(size / 16);
  header.push((type << 4) | (size & 15) | (left > 0 ? 128 : 0));
  for (; left > 0; left = Math.floor(left / 128)) header.push((left & 127) | (left > 127 ? 128 : 0));
  return Buffer.concat([Buffer.from(header), base, deflateSync(content)]);
}

function packOfEntries(entries: readonly Buffer[]): Buffer {
  const header = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
  header.writeUInt32BE(entries.length, 8);
  const pack = Buffer.concat([header, ...entries]);
  return Buffer.concat([pack, createHash("sha1").update(pack).digest()]);
}

/** A delta that repeats its base until it has so many bytes. */
function repeatingDelta(baseBytes: number, bytes: number): Buffer {
  const number = (value: number) => {
    const groups: number[] = [];
    for (let left = value; ; left = Math.floor(left / 128)) {
      groups.push((left & 127) | (left > 127 ? 128 : 0));
      if (left <= 127) return Buffer.from(groups);
    }
  };
  const copy = Buffer.from([0x80]); // 64 KiB from the base's beginning.
  const copies = Buffer.alloc(bytes / baseBytes, copy);
  return Buffer.concat([number(baseBytes), number(bytes), copies]);
}

const fillers = Array.from({ length: 40 }, (_, at) => entryOf(BLOB, 2, Buffer.from(String(10 + at))));
const base = Buffer.alloc(64 * 1024);
const baseOid = createHash("sha1").update(`blob ${base.length}\0`).update(base).digest();
/** Entries that unfold to so many bytes. */
const BOMBS: Readonly<Record<string, (bytes: number) => readonly Buffer[]>> = {
  "a tree that unfolds": (bytes) => [entryOf(TREE, bytes, Buffer.alloc(Math.min(bytes, 4 * MEGABYTE)))],
  "a delta that unfolds": (bytes) => {
    const delta = repeatingDelta(base.length, bytes);
    return [entryOf(BLOB, base.length, base), entryOf(REF_DELTA, delta.length, delta, baseOid)];
  },
};

for (const name of ["shell", "routed"] as const) {
  describe(`streams of packs over ${name}`, () => {
    let shell: ShellBackend;
    let backend: GitBackend;
    let source: TemporaryRepository;
    let target: TemporaryRepository;
    let view: RepositoryView;
    let first: string;
    let tip: string;
    let packs: Readonly<Record<"small" | "large", Buffer>>;

    beforeAll(async () => {
      shell = createShellBackend({ limits: { catFileIdleMax: 0 } });
      backend =
        name === "shell"
          ? shell
          : createRoutedBackend({
              backends: { libgit2: createLibgit2Backend(loadAddon()), shell },
              current: "libgit2",
            });
      source = await TemporaryRepository.create();
      target = await TemporaryRepository.create();
      view = { gitDir: source.path, objectFormat: "sha1" };
      const text = Array.from({ length: 400 }, (_, at) => `line ${at * 7919}\n`).join("");
      first = await source.commit({ files: { text, small: "small\n", "dir/file": "in a directory\n" } });
      tip = await source.commit({ files: { text: `${text}more\n`, small: "small\n", "dir/file": "other\n" } });
      await source.git(["tag", "-a", "-m", "v1", "v1", first]);
      const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`file-${at}`, `content ${at}\n`]));
      const large = await source.commit({ branch: "large", files: many });
      packs = {
        small: await packOf(backend, view, { wants: [tip] }),
        large: await packOf(backend, view, { wants: [large] }),
      };
    });

    // Whatever came of a pack: what was not migrated is nowhere, and nobody runs any more.
    afterEach(async () => {
      expect((await readdir(target.path)).filter((file) => file.startsWith("quarantine"))).toEqual([]);
      expect((await readdir(target.path)).filter((file) => file.startsWith("shallow"))).toEqual([]);
      expect(await target.text(["count-objects"])).toBe("0 objects, 0 kilobytes");
      expect(shell.childPids).toEqual([]);
    });

    afterAll(async () => {
      await backend.close();
      await source[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    });

    interface Receiving {
      readonly bytesMax?: number;
      readonly shallow?: readonly string[];
      readonly into?: TemporaryRepository;
      readonly objectFormat?: "sha1" | "sha256";
      /** What is asked when the pack is in. */
      readonly whenIn?: (inside: QuarantinedView) => Promise<void>;
    }

    async function receive(stream: AsyncIterable<Uint8Array>, receiving: Receiving = {}): Promise<void> {
      const { bytesMax = BYTES_MAX, shallow, into = target, objectFormat = "sha1" } = receiving;
      const inside = {
        gitDir: into.path,
        objectFormat,
        quarantineDir: `${into.path}/quarantine-${randomUUID()}`,
      };
      try {
        await backend.pack.receive(inside, stream, {
          bytesMax,
          refuseLegacyFaults: false,
          ...(shallow === undefined ? {} : { shallow }),
        });
        await receiving.whenIn?.(inside);
      } finally {
        await backend.quarantine.discard(inside);
      }
    }

    for (const size of ["small", "large"] as const) {
      test(`a ${size} pack may be as long as allowed, and no longer`, async () => {
        const pack = packs[size];
        await receive(inPieces(pack), { bytesMax: pack.length });
        for (const bytesMax of [pack.length - 1, 500, 1]) {
          expect(await failureOf(receive(inPieces(pack, 100), { bytesMax }))).toMatchObject({
            reason: "too_large",
            details: { what: "pack", limitBytes: bytesMax },
          });
        }
      });

      test(`a ${size} pack that is cut is not valid, wherever it was cut`, async () => {
        const pack = packs[size];
        for (const length of [0, 4, 11, 12, 13, 100, pack.length >> 1, pack.length - 20, pack.length - 1]) {
          const error = await failureOf(receive(inPieces(pack.subarray(0, length))));
          expect({ length, error }).toMatchObject({ length, error: { reason: "pack_invalid" } });
        }
      });

      test(`a ${size} pack whose bytes have changed is not valid`, async () => {
        for (const at of [0, 4, packs[size].length >> 1, packs[size].length - 1]) {
          const pack = Buffer.from(packs[size]);
          pack[at]! ^= 0x55;
          const error = await failureOf(receive(inPieces(pack)));
          expect({ at, error }).toMatchObject({ at, error: { reason: "pack_invalid" } });
        }
      });

      test(`a ${size} pack whose source breaks off ends with the source's error`, async () => {
        for (const length of [0, 5, 12, packs[size].length >> 1]) {
          const error = new Error(`broken off after ${length}`);
          expect(await failureOf(receive(breakingOff(packs[size].subarray(0, length), error)))).toBe(error);
        }
      });

      for (const [what, entries] of Object.entries(BOMBS)) {
        test(`${what} is refused in a ${size} pack`, async () => {
          const pack = packOfEntries([...(size === "small" ? [] : fillers), ...entries(BOMB_BYTES)]);
          expect(pack.length).toBeLessThan(MEGABYTE);
          const error = await failureOf(receive(inPieces(pack)));
          expect(error).toMatchObject({ reason: "pack_invalid" });
          expect((error as { details: { problem: string } }).details.problem).toMatch(/over limit/);
        });
      }

      test(`a delta that unfolds a little is taken in a ${size} pack`, async () => {
        const entries = BOMBS["a delta that unfolds"]!(MEGABYTE);
        await receive(inPieces(packOfEntries([...(size === "small" ? [] : fillers), ...entries])));
      });
    }

    test("more objects than anybody has are refused at the header", async () => {
      const header = Buffer.from("PACK\0\0\0\x02\xff\xff\xff\xff", "latin1");
      expect(await failureOf(receive(inPieces(header)))).toMatchObject({
        reason: "too_large",
        details: { sizeBytes: 0xffffffff },
      });
    });

    test("a pack without objects is taken", async () => {
      await receive(inPieces(packOfEntries([])));
    });

    test("a thin pack is completed by what is there, and refused without it", async () => {
      const thin = await packOf(backend, view, { wants: [tip], haves: [first], thin: true });
      const whole = await packOf(backend, view, { wants: [tip], haves: [first] });
      expect(thin.length).toBeLessThan(whole.length);
      await using having = await TemporaryRepository.create();
      await having.git(["fetch", "-q", source.path, `${first}:refs/heads/main`]);
      await receive(inPieces(thin), {
        into: having,
        whenIn: async (inside) => expect(await backend.pack.unconnected(inside, [tip])).toEqual([]),
      });
      const error = await failureOf(receive(inPieces(thin)));
      expect(error).toMatchObject({ reason: "pack_invalid" });
      expect((error as { details: { problem: string } }).details.problem).toMatch(/unresolved delta/);
    });

    test("a shallow repository gives what it has, to clients that are shallow as well", async () => {
      await using shallow = await TemporaryRepository.create();
      await shallow.git(["fetch", "-q", "--depth=1", `file://${source.path}`, "main:refs/heads/main"]);
      const where = { gitDir: shallow.path, objectFormat: "sha1" } as const;
      const expected = linesOf(await shallow.text(["rev-list", "--objects", "--no-object-names", tip]));
      for (const told of [[], [tip]]) {
        const pack = await packOf(backend, where, { wants: [tip], shallow: told });
        expect(await objectsIn(pack)).toEqual(expected);
        await receive(inPieces(pack), {
          shallow: [tip],
          whenIn: async (inside) => {
            expect(await backend.pack.unconnected(inside, [tip], [tip])).toEqual([]);
            expect(await backend.pack.unconnected(inside, [tip])).toEqual([tip]);
          },
        });
      }
    });

    for (const filter of ["blob:none", "blob:limit=10", "tree:0", "tree:1", "object:type=commit"]) {
      test(`the filter ${filter} leaves out what git's does`, async () => {
        const listing = ["rev-list", "--objects", "--no-object-names", `--filter=${filter}`, tip];
        const expected = linesOf(await source.text(listing));
        expect(await objectsIn(await packOf(backend, view, { wants: [tip], filter }))).toEqual(expected);
      });
    }

    test("tags come along when they are asked for and their targets come", async () => {
      const tag = await source.text(["rev-parse", "v1"]);
      for (const [request, comes] of [
        [{ wants: [first], includeTag: true }, true],
        [{ wants: [first], includeTag: false }, false],
        [{ wants: [tip], haves: [first], includeTag: true }, false],
      ] as const) {
        const objects = await objectsIn(await packOf(backend, view, request));
        expect([request, objects.includes(tag)]).toEqual([request, comes]);
      }
    });

    test("of SHA-256 are made, taken, and refused when they are cut", async () => {
      await using other = await TemporaryRepository.create({ objectFormat: "sha256" });
      await using into = await TemporaryRepository.create({ objectFormat: "sha256" });
      const files = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`${at}`, `content ${at}\n`]));
      for (const oid of [await other.commit({ files: { a: "a\n" } }), await other.commit({ files })]) {
        const pack = await packOf(backend, { gitDir: other.path, objectFormat: "sha256" }, { wants: [oid] });
        const there = { into, objectFormat: "sha256" } as const;
        await receive(inPieces(pack), {
          ...there,
          whenIn: async (inside) => expect(await backend.pack.unconnected(inside, [oid])).toEqual([]),
        });
        const cut = inPieces(pack.subarray(0, pack.length - 1));
        expect(await failureOf(receive(cut, there))).toMatchObject({ reason: "pack_invalid" });
      }
    });

    test("readers that leave and wants that are absent leave nobody behind", async () => {
      const reader = backend.pack.create(view, { ...REQUEST, wants: [tip] })[Symbol.asyncIterator]();
      await reader.next();
      await reader.return?.();
      const absent = { wants: ["1".repeat(40)] };
      expect(await failureOf(packOf(backend, view, absent))).toMatchObject({
        reason: "objects_missing",
        details: { oids: absent.wants },
      });
    });
  });
}
