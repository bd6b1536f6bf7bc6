import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { BACKENDS } from "../../support/operation-story.ts";
import { PushStory } from "../../support/push-story.ts";
import { commandPackets, packOf, rawPush } from "../../support/raw-push.ts";
import { encodePacket } from "../../../src/wire/pkt-line.ts";

const ZERO = "0".repeat(40);
const MAIN = "refs/heads/main";

/** Processes of git that work in a directory of the story. */
function gitsIn(directory: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("git") &&
        readFileSync(`/proc/${pid}/environ`, "utf8").includes(directory)
      );
    } catch {
      return false;
    }
  });
}

/** A commit with a blob that does not compress, and the pack of it all. */
async function bigPack(story: PushStory, bytes: number): Promise<{ tip: string; pack: Buffer }> {
  const tip = await story.client.commit({ files: { big: randomBytes(bytes) } });
  const oids = (await story.client.text(["rev-list", "--objects", "--no-object-names", tip])).split("\n");
  return { tip, pack: await packOf(story, oids) };
}

describe("receivePack", () =>
  describe.each(BACKENDS)("that is interrupted, on %s", (backend) => {
    test("a client that goes away in the middle of its pack ends everything at once", async () => {
      await using story = await PushStory.open(backend);
      const { tip, pack } = await bigPack(story, 3_000_000);
      const commands = commandPackets([`${ZERO} ${tip} ${MAIN}`]);
      const socket = connect(story.listener.port, "127.0.0.1");
      const told = new Promise((resolve) => socket.once("data", resolve));
      socket.write(encodePacket("git-receive-pack /group/project\0host=localhost\0"));
      await told;
      await new Promise((resolve) => socket.write(Buffer.concat([commands, pack.subarray(0, 2_000_000)]), resolve));
      while (gitsIn(story.storageDir).length === 0) await Bun.sleep(5);
      socket.destroy();
      await story.listener.idle();
      expect(gitsIn(story.storageDir)).toEqual([]);
      expect(story.leftovers()).toEqual([]);
      expect(await story.references()).toEqual({});
      expect(story.listener.served.at(-1)?.error).toMatchObject({ reason: "canceled" });
    });

    test("so does one that says nothing more, when its time is over", async () => {
      await using story = await PushStory.open(backend);
      const { tip, pack } = await bigPack(story, 200_000);
      const gone = new AbortController();
      async function* stuck() {
        yield commandPackets([`${ZERO} ${tip} ${MAIN}`]);
        yield pack.subarray(0, 100_000);
        gone.abort();
        await new Promise(() => {});
      }
      const { error } = await rawPush(story, stuck(), { signal: gone.signal });
      expect(error).toMatchObject({ reason: "canceled" });
      expect(gitsIn(story.storageDir)).toEqual([]);
      expect(story.leftovers()).toEqual([]);
    });

    test("a client that sends on after its push has failed comes to read why", async () => {
      await using story = await PushStory.open(backend, { settings: { pushBytesMax: 1_000_000 } });
      await story.client.commit({ files: { big: randomBytes(20_000_000) } });
      const { code, stderr } = await story.push("main");
      expect(code).not.toBe(0);
      expect(stderr).toContain("pack is larger than 1000000 bytes");
      await story.listener.idle();
      expect(story.leftovers()).toEqual([]);
    });

    test("a request that is none is answered in the protocol", async () => {
      await using story = await PushStory.open(backend);
      const plain = await rawPush(story, encodePacket("hello"));
      expect(plain).toMatchObject({ fatal: "expected old/new/ref, got 'hello'", error: { reason: "protocol_error" } });
      const banded = await rawPush(
        story,
        Buffer.concat([encodePacket(`${ZERO} ${"1".repeat(40)} refs/heads/a\0side-band-64k`), encodePacket("hello")]),
      );
      expect(banded).toMatchObject({ fatal: "expected old/new/ref, got 'hello'", error: { reason: "protocol_error" } });
      const nothing = await rawPush(story, Buffer.from("0000"));
      expect(nothing).toEqual({ report: [], messages: "", fatal: "", error: undefined });
    });

    test("20,000 commands are answered one by one, those that cannot be among them", async () => {
      await using story = await PushStory.open(backend);
      const { tip, pack } = await bigPack(story, 100);
      const good = Array.from({ length: 1000 }, (_, at) => `${ZERO} ${tip} refs/tags/t${at}`);
      const bad = Array.from({ length: 19_000 }, (_, at) => `${"3".repeat(40)} ${tip} refs/heads/b${at}`);
      const { report } = await rawPush(story, Buffer.concat([commandPackets([...good, ...bad]), pack]));
      expect(report).toHaveLength(20_001);
      expect(report.filter((line) => line.startsWith("ok "))).toHaveLength(1000);
      expect(report.at(-1)).toBe("ng refs/heads/b18999 fetch first");
      expect(Object.keys(await story.references())).toHaveLength(1000);
    }, 60_000);
  }));
