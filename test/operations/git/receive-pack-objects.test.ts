import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { FAULTY_OBJECTS, LEGACY_OBJECTS } from "../../support/faulty-objects.ts";
import { BACKENDS } from "../../support/operation-story.ts";
import { PushStory } from "../../support/push-story.ts";
import { commandPackets, packOf, rawPush } from "../../support/raw-push.ts";
import { runGit, TemporaryRepository } from "../../support/temporary-repository.ts";

const ZERO = "0".repeat(40);
const MAIN = "refs/heads/main";
/** Its blob has more than 100 MiB; the backends' own tests send it. */
const LARGE = "gitattributesLarge";

/** Files of the repository's object directory. */
const objectFiles = (story: PushStory) =>
  readdirSync(join(story.gitDir, "objects"), { recursive: true, encoding: "utf8" }).filter((path) =>
    /[0-9a-f]{38}/.test(path),
  );

describe("receivePack", () =>
  describe.each(BACKENDS)("and bad objects, on %s", (backend) => {
    test("what fsck calls an error does not enter, whatever reference it is for", async () => {
      await using story = await PushStory.open(backend);
      for (const { id, write } of FAULTY_OBJECTS.filter((fault) => fault.id !== LARGE)) {
        await using client = await TemporaryRepository.create();
        const oids = await write(client);
        const pack = await client.git(["pack-objects", "--stdout", "--quiet"], { input: `${oids.join("\n")}\n` });
        const commands = commandPackets([`${ZERO} ${oids.at(-1)} refs/odd/x`]);
        const { report, error } = await rawPush(story, Buffer.concat([commands, pack]));
        expect({ id, report: report.slice(1), error }).toEqual({
          id,
          report: ["ng refs/odd/x unpacker error"],
          error: expect.objectContaining({ reason: expect.stringMatching(/^(objects|pack)_(invalid|missing)$/) }),
        });
        expect(report[0]).toMatch(/^unpack .+/);
        expect(report[0]).not.toBe("unpack ok");
      }
      expect(await story.references()).toEqual({});
      expect(objectFiles(story)).toEqual([]);
      expect(story.leftovers()).toEqual([]);
    }, 60_000);

    test("what old tools have made enters, unless a setting refuses it", async () => {
      await using story = await PushStory.open(backend);
      await using strict = await PushStory.open(backend, { settings: { refuseLegacyFaults: true } });
      for (const { write } of LEGACY_OBJECTS) {
        for (const [at, expected] of [
          [story, "ok refs/odd/x"],
          [strict, "ng refs/odd/x unpacker error"],
        ] as const) {
          const oids = await write(at.client);
          const commands = commandPackets([`${ZERO} ${oids.at(-1)} refs/odd/x`]);
          const { report } = await rawPush(at, Buffer.concat([commands, await packOf(at, oids)]));
          expect(report.at(-1)).toBe(expected);
          await runGit(at.gitDir, ["update-ref", "-d", "refs/odd/x"]);
        }
      }
    });

    test("a tip that lacks something is refused, and the others enter", async () => {
      await using story = await PushStory.open(backend);
      const whole = await story.client.commit({ files: { a: "1" } });
      const wholeObjects = (await story.client.text(["rev-list", "--objects", "--no-object-names", whole])).split("\n");
      const child = await story.client.commit({ files: { a: "1", b: "2" } });
      const commands = [
        `${ZERO} ${whole} ${MAIN}`,
        // Its tree and blob are not sent.
        `${ZERO} ${child} refs/heads/child`,
        `${ZERO} ${"1".repeat(40)} refs/heads/absent`,
      ];
      // With index-pack's own check of links an incomplete pack does not even come in: what is absent is not in it.
      const alone = await rawPush(
        story,
        Buffer.concat([commandPackets([commands[0]!, commands[2]!]), await packOf(story, wholeObjects)]),
      );
      expect(alone.report).toEqual(["unpack ok", `ok ${MAIN}`, "ng refs/heads/absent missing necessary objects"]);
      const incomplete = await rawPush(
        story,
        Buffer.concat([commandPackets([commands[1]!]), await packOf(story, [child])]),
      );
      expect(incomplete.report.at(-1)).toMatch(/^ng refs\/heads\/child (unpacker error|missing necessary objects)$/);
      expect(await story.references()).toEqual({ [MAIN]: whole });
    });

    test("without a pack the objects must be there, with all that they reach", async () => {
      await using story = await PushStory.open(backend);
      const tip = await story.client.commit({ files: { a: "1" } });
      expect((await story.push("main")).code).toBe(0);
      // Somebody has left a commit whose tree is missing: nothing refers to it.
      const orphan = `tree ${"2".repeat(40)}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n`;
      const server = TemporaryRepository.at(story.gitDir);
      const broken = await server.writeObject("commit", orphan);
      const empty = Buffer.from("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e", "hex");
      const commands = commandPackets([`${ZERO} ${broken} refs/heads/broken`, `${ZERO} ${tip} refs/heads/fine`]);
      const { report } = await rawPush(story, Buffer.concat([commands, empty]));
      expect(report).toEqual(["unpack ok", "ng refs/heads/broken missing necessary objects", "ok refs/heads/fine"]);
    });

    test("garbage, truncated and oversized packs are refused with a clear word", async () => {
      await using story = await PushStory.open(backend);
      await using narrow = await PushStory.open(backend, { settings: { pushBytesMax: 10_000 } });
      const tip = await story.client.commit({ files: { a: "1".repeat(5000), b: randomBytes(20_000) } });
      const oids = (await story.client.text(["rev-list", "--objects", "--no-object-names", tip])).split("\n");
      const pack = await packOf(story, oids);
      const flipped = Buffer.from(pack);
      flipped[pack.length >> 1]! ^= 0xff;
      const commands = commandPackets([`${ZERO} ${tip} ${MAIN}`]);
      const cases: readonly [PushStory, Uint8Array, RegExp][] = [
        [story, Buffer.alloc(0), /^unpack .*eof before pack header/],
        [story, randomBytes(1000), /^unpack .*pack signature mismatch/],
        [story, pack.subarray(0, 20), /^unpack .+/],
        [story, pack.subarray(0, pack.length - 30), /^unpack .+/],
        [story, flipped, /^unpack .+/],
        [narrow, pack, /^unpack pack is larger than 10000 bytes/],
      ];
      for (const [at, bytes, expected] of cases) {
        const { report, error } = await rawPush(at, Buffer.concat([commands, bytes]));
        expect(report[0]).toMatch(expected);
        expect(report[0]).not.toBe("unpack ok");
        expect(report[1]).toBe(`ng ${MAIN} unpacker error`);
        expect(error).toBeDefined();
        expect(await at.references()).toEqual({});
        expect(at.leftovers()).toEqual([]);
      }
    });

    test("a shallow clone pushes on top of what is there, and does not make the repository shallow", async () => {
      await using story = await PushStory.open(backend);
      for (let at = 0; at < 4; at++) await story.client.commit({ files: { a: `${at}` } });
      expect((await story.push("main")).code).toBe(0);
      await using shallow = await TemporaryRepository.create();
      await runGit(shallow.path, ["fetch", "--quiet", "--depth=1", `file://${story.gitDir}`, "main:main"]);
      const tip = await shallow.commit({ files: { a: "from a shallow clone" } });
      await runGit(shallow.path, ["push", "--quiet", story.url, "main"]);
      expect(await story.references()).toEqual({ [MAIN]: tip });
      await runGit(story.gitDir, ["fsck", "--strict"]);

      await using other = await PushStory.open(backend);
      const failed = await runGit(shallow.path, ["push", other.url, "main"]).catch((error: Error) => error.message);
      expect(failed).toContain("! [remote rejected] main -> main (shallow update not allowed)");
      expect(await other.references()).toEqual({});
      await other.listener.idle();
      expect(other.leftovers()).toEqual([]);
    });
  }));
