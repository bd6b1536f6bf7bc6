// Pushes by somebody who wants to break the server, while somebody else works with it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip, deflateSync, gzipSync } from "node:zlib";
import { BesiegedServer, pushCommands } from "../support/besieged-server.ts";
import { gitOutput } from "../support/git-client.ts";
import { handMade, handMadePack, objectHeader, oidOf, packed } from "../support/hand-made-pack.ts";
import { type RunningServer, startServer } from "../support/running-server.ts";

const STORY_MS = 60_000;
const MEGABYTE = 1024 * 1024;
const GROWTH_BYTES_MAX = 150 * MEGABYTE;
/** How long somebody who does nothing bad waits at most, git's own start included. */
const BESIDE_MS_MAX = 2000;
const COMMANDS = 20_000;
const STALLED_PUSHES = 150;

const place = mkdtempSync(join(tmpdir(), "holdfast-hostile-"));
const BLOB = handMade("blob", "hello\n");
const PUSH_OF_BLOB = pushCommands([[undefined, oidOf(BLOB), "refs/tags/blob"]]);
let server: RunningServer;
let besieged: BesiegedServer;
let tip: string;

const url = (repository: string) => `${server.addresses["http"]}/${repository}`;
const push = (repository: string, body: Uint8Array, headers: Record<string, string> = {}) =>
  besieged.post("receive-pack", repository, body, headers);

/** Lists a repository again and again while something else goes on; answers the longest time that took. */
async function besideMs(repository: string, attack: Promise<unknown>): Promise<number> {
  let over = false;
  let longest = 0;
  const ended = attack.finally(() => (over = true));
  do {
    const began = performance.now();
    await gitOutput(place, ["ls-remote", url(repository)]);
    longest = Math.max(longest, performance.now() - began);
  } while (!over);
  await ended;
  return longest;
}

beforeAll(async () => {
  server = await startServer({ env: { HOLDFAST_ANON_ACCESS: "read-write", HOLDFAST_REPOSITORY_REQUESTS_MAX: "16" } });
  besieged = new BesiegedServer(server);
  const source = join(place, "source");
  await gitOutput(place, ["init", "-q", "-b", "main", source]);
  await gitOutput(source, ["commit", "-q", "--allow-empty", "-m", "first"]);
  tip = await gitOutput(source, ["rev-parse", "main"]);
  for (const name of ["attacked", "beside"]) await gitOutput(source, ["push", "-q", url(`${name}.git`), "main"]);
}, STORY_MS);

afterAll(async () => {
  expect(server.log()).not.toContain('"msg":"bug"');
  await server[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

describe("packs that are none", () => {
  const delta = deflateSync(Buffer.from([6, 6, 0x90, 6]));
  const cases: readonly (readonly [string, Buffer, string])[] = [
    ["a wrong checksum", handMadePack([packed(BLOB)], { checksum: Buffer.alloc(20) }), "final sha1 did not match"],
    ["no pack at all", Buffer.alloc(0), "eof before pack header was fully read"],
    ["garbage", Buffer.from("garbage ".repeat(20)), "pack signature mismatch"],
    ["another version", handMadePack([packed(BLOB)], { version: 9 }), "pack version unsupported"],
    ["more objects than it says", handMadePack([packed(BLOB)], { count: 0 }), "checksum mismatch"],
    ["fewer objects than it says", handMadePack([packed(BLOB)], { count: 2 }), "early EOF"],
    ["four billion objects", handMadePack([packed(BLOB)], { count: 0xffff_ffff }), "number of objects"],
    ["millions of objects", handMadePack([packed(BLOB)], { count: 19_000_000 }), "unknown object type"],
    [
      "a size of a terabyte",
      handMadePack([Buffer.concat([objectHeader("blob", 2 ** 40), deflateSync("x")])]),
      "unpack ",
    ],
    ["a size without end", handMadePack([Buffer.alloc(100, 0xff)]), "unpack "],
    ["no zlib", handMadePack([Buffer.concat([objectHeader("blob", 6), Buffer.alloc(50)])]), "inflate"],
    [
      "a delta of what is not there",
      handMadePack([Buffer.concat([objectHeader("ref-delta", 4), Buffer.alloc(20, 0x11), delta])]),
      "unresolved deltas",
    ],
    [
      "a delta of what lies before the pack",
      handMadePack([Buffer.concat([objectHeader("ofs-delta", 4), Buffer.from([0x7f]), delta])]),
      "offset value out of bound",
    ],
    ["other objects than are named", handMadePack([packed(handMade("blob", "other\n"))]), "missing necessary objects"],
  ];

  test("are refused with a reason, and leave nothing, in a repository or instead of one", async () => {
    const before = besieged.holdings;
    for (const repository of ["attacked.git", "never-made.git"]) {
      for (const [what, pack, reason] of cases) {
        const { status, text } = await push(repository, Buffer.concat([PUSH_OF_BLOB, pack]));
        expect([what, status]).toEqual([what, 200]);
        expect([what, text]).toEqual([what, expect.stringContaining(reason)]);
        expect([what, text]).toEqual([what, expect.stringContaining("ng refs/tags/blob")]);
      }
    }
    expect(existsSync(join(server.storage, "never-made.git"))).toBe(false);
    await besieged.returnsTo(before);
  });

  test("cut off anywhere, they are refused and leave nothing", async () => {
    const before = besieged.holdings;
    const whole = Buffer.concat([PUSH_OF_BLOB, handMadePack([packed(BLOB)])]);
    for (let length = 1; length < whole.length; length++) {
      const { status, text } = await push("never-made.git", whole.subarray(0, length));
      expect([length, [200, 400].includes(status), text.includes("ok refs/")]).toEqual([length, true, false]);
    }
    expect(existsSync(join(server.storage, "never-made.git"))).toBe(false);
    await besieged.returnsTo(before);
  });
});

describe("bombs", () => {
  /** What a gigabyte of zeros is compressed. */
  async function zeros(megabytes: number): Promise<Buffer> {
    const gzip = createGzip({ level: 9 });
    const piece = Buffer.alloc(MEGABYTE);
    void (async () => {
      for (let at = 0; at < megabytes; at++)
        if (!gzip.write(piece)) await new Promise((resolve) => gzip.once("drain", resolve));
      gzip.end();
    })();
    return Buffer.concat((await Array.fromAsync(gzip)) as Buffer[]);
  }

  test(
    "bodies and objects that unfold to a gigabyte take no memory of ours, and keep nobody waiting",
    async () => {
      const before = besieged.holdings;
      const body = await zeros(1024);
      // The deflated part of a gzip file, in the clothes of zlib.
      const tree = Buffer.concat([Buffer.from([0x78, 0xda]), body.subarray(10, -8), Buffer.alloc(4)]);
      const object = Buffer.concat([objectHeader("tree", 1024 * MEGABYTE), tree]);
      const small = handMadePack([object]);
      const large = handMadePack([object, ...Array.from({ length: 40 }, (_, at) => packed(handMade("blob", `${at}`)))]);
      const attacks = async () => {
        const zipped = { "content-encoding": "gzip" };
        for (const answer of await Promise.all([
          ...Array.from({ length: 8 }, () => push("attacked.git", body, zipped)),
          push("attacked.git", gzipSync(Buffer.concat([PUSH_OF_BLOB, Buffer.alloc(64 * MEGABYTE)])), zipped),
          push("attacked.git", Buffer.concat([PUSH_OF_BLOB, small])),
          push("attacked.git", Buffer.concat([PUSH_OF_BLOB, large])),
        ]))
          expect(answer.text).toMatch(/ERR |ng refs\/tags\/blob/);
      };
      let waitedMs = 0;
      const growth = await besieged.growthDuring(async () => (waitedMs = await besideMs("attacked.git", attacks())));
      expect(waitedMs).toBeLessThan(BESIDE_MS_MAX);
      expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
      await besieged.returnsTo(before);
    },
    STORY_MS,
  );
});

describe(`${COMMANDS} commands`, () => {
  const all = (of: (at: number) => [string | undefined, string | undefined, string]) =>
    pushCommands(Array.from({ length: COMMANDS }, (_, at) => of(at)));
  const lines = (text: string, word: string) => text.split(`${word} refs/`).length - 1;

  test(
    "are each answered while other repositories are served as ever",
    async () => {
      const empty = handMadePack([]);
      const cases: readonly (readonly [Buffer, string])[] = [
        [Buffer.concat([all((at) => [undefined, tip, `refs/heads/..${at}`]), empty]), "ng"],
        [Buffer.concat([all((at) => [undefined, at.toString(16).padStart(40, "1"), `refs/heads/${at}`]), empty]), "ng"],
        [Buffer.concat([all(() => [undefined, tip, "refs/heads/same"]), empty]), "ng"],
        [Buffer.concat([all((at) => [undefined, tip, `refs/keep-around/${at}`]), empty]), "ng"],
        [all((at) => [tip, undefined, `refs/heads/${at}`]), "ng"],
        [Buffer.concat([all((at) => [undefined, tip, `refs/heads/${at}`]), empty]), "ok"],
      ];
      for (const [body, word] of cases) {
        let text = "";
        let waitedMs = 0;
        const attack = async () => void ({ text } = await push("attacked.git", body));
        const growth = await besieged.growthDuring(async () => (waitedMs = await besideMs("beside.git", attack())));
        // The report is cut into pieces; a line may lie on two of them.
        expect(lines(text, word)).toBeGreaterThan(COMMANDS - 100);
        expect(waitedMs).toBeLessThan(BESIDE_MS_MAX);
        expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
      }
    },
    STORY_MS,
  );
});

describe("pushers who stop in the middle", () => {
  test(
    "keep nobody from listing, cloning and pushing; when they go, nothing is left of them",
    async () => {
      const before = besieged.holdings;
      // The head of a pack of many objects, with the first of them.
      const beginning = handMadePack([packed(BLOB)], { count: 100 }).subarray(0, -20);
      const sockets = await Promise.all(
        Array.from({ length: STALLED_PUSHES }, (_, at) =>
          besieged.beginPush(
            at % 2 === 0 ? "beside.git" : "never-made.git",
            100_000,
            Buffer.concat([PUSH_OF_BLOB, beginning]),
          ),
        ),
      );
      while (besieged.holdings.childProcesses < before.childProcesses + 100) await Bun.sleep(10);
      const copy = join(place, "copy");
      await gitOutput(place, ["clone", "-q", url("beside.git"), copy]);
      expect(await gitOutput(place, ["ls-remote", url("beside.git"), "main"])).toBe(`${tip}\trefs/heads/main`);
      for (const socket of sockets) socket.resetAndDestroy();
      await besieged.returnsTo(before);
      expect(existsSync(join(server.storage, "never-made.git"))).toBe(false);
      await gitOutput(copy, ["push", "-q", "origin", "main:afterwards"]);
    },
    STORY_MS,
  );
});
