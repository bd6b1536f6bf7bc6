// Fetches by somebody who wants to break the server, while somebody else works with it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DELIM, encodePacket, FLUSH } from "../../src/wire/pkt-line.ts";
import { BesiegedServer } from "../support/besieged-server.ts";
import { gitOutput } from "../support/git-client.ts";
import { type RunningServer, startServer } from "../support/running-server.ts";

const STORY_MS = 60_000;
const GROWTH_BYTES_MAX = 150 * 1024 * 1024;
/** As many lines as fit into a request. */
const LINES = 190_000;
/** More than the door serves at once, in all and from one address. */
const CONNECTIONS = 600;
/** Fewer than the git:// door serves from one address. */
const IDLE_READERS = 100;
/** More than the kernel keeps for somebody who does not read. */
const LARGE_BYTES = 24 * 1024 * 1024;
/** What one of them may cost; each has a piece of the pack in the server, and the rest in the kernel. */
const READER_BYTES_MAX = 1024 * 1024;
const POLL_MS = 50;
const QUIET_POLLS = 10;

const place = mkdtempSync(join(tmpdir(), "holdfast-hostile-"));
let server: RunningServer;
let besieged: BesiegedServer;
let tip: string;

const url = () => `${server.addresses["http"]}/one.git`;
const fetchOf = (...lines: string[]) =>
  Buffer.concat([encodePacket("command=fetch"), DELIM, ...lines.map((line) => encodePacket(line)), FLUSH]);
const ask = (body: Buffer) => besieged.post("upload-pack", "one.git", body, { "git-protocol": "version=2" });
const many = (word: string) => Array.from({ length: LINES }, (_, at) => `${word} ${at.toString(16).padStart(40, "1")}`);

beforeAll(async () => {
  server = await startServer({ env: { HOLDFAST_ANON_ACCESS: "read-write" } });
  besieged = new BesiegedServer(server);
  await gitOutput(place, ["init", "-q", "-b", "main"]);
  await gitOutput(place, ["commit", "-q", "--allow-empty", "-m", "first"]);
  tip = await gitOutput(place, ["rev-parse", "main"]);
  await gitOutput(place, ["push", "-q", url(), "main", "main:refs/heads/other"]);
}, STORY_MS);

afterAll(async () => {
  expect(server.log()).not.toContain('"msg":"bug"');
  await server[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

describe("requests of more lines than anybody needs", () => {
  test.each([
    ["wants of one object", () => Array.from({ length: LINES }, () => `want ${tip}`), /^000dpackfile/],
    ["wants of what is not there", () => many("want"), /^004aERR upload-pack: not our ref 1+0/],
    ["haves", () => [`want ${tip}`, ...many("have")], /^0014acknowledgments\n0008NAK\n0000$/],
    ["ends of history", () => [`want ${tip}`, ...many("shallow"), "deepen 1"], /^0011shallow-info/],
    ["too many of them", () => [...many("have"), ...many("have"), ...many("have")], /larger than/],
  ])(
    "%s",
    async (_, lines, answer) => {
      const body = fetchOf(...lines(), ...(lines()[1]?.startsWith("have") ? [] : ["done"]));
      let text = "";
      const growth = await besieged.growthDuring(async () => ({ text } = await ask(body)));
      expect(text).toMatch(answer);
      expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
    },
    STORY_MS,
  );

  test.each([
    ["deepen 0", "invalid deepen 0"],
    ["deepen -1", "invalid deepen -1"],
    ["deepen 99999999999999999999", "invalid deepen"],
    ["deepen-since --all", "invalid deepen-since --all"],
    ["deepen-not --all", "deepen-not is not a ref: --all"],
    ["filter tree:-1", "expected 'tree:<depth>'"],
    ["filter sparse:path=/etc/passwd", "sparse:path filters support has been dropped"],
    ["filter --upload-pack=x", "invalid filter-spec"],
    [`filter combine:${"combine:".repeat(500)}`, "filter-spec is too long"],
    ["filter blob:limit=99999999999999999999g", "invalid filter-spec"],
    ["want-ref ../x", "unknown ref ../x"],
    ["want-ref refs/keep-around/x", "unknown ref"],
    ["packfile-uris http", "unexpected line"],
    ["want --all", "expected an object id"],
  ])("%p is told what is wrong with it", async (line, reason) => {
    const { status, text } = await ask(fetchOf(`want ${tip}`, line, "done"));
    expect(status).toBe(200);
    expect(text).toContain("ERR ");
    expect(text).toContain(reason);
  });
});

describe("git:// clients who were refused, or answered, and stay", () => {
  test(
    "take no place of others",
    async () => {
      const before = besieged.holdings;
      const port = Number(server.addresses["git"]!.split(":")[1]);
      const request = encodePacket("git-upload-pack /one.git\0host=x\0");
      const heard: Promise<string>[] = [];
      const sockets: Socket[] = [];
      for (let at = 0; at < CONNECTIONS; at++) {
        const socket = await besieged.connect("git");
        sockets.push(socket);
        heard.push(new Promise((resolve) => socket.once("data", (data) => resolve(data.toString("latin1")))));
        socket.write(request);
        // Each is heard before the next comes, so that none is dropped for those behind it.
        await heard.at(-1);
      }
      const refused = (await Promise.all(heard)).filter((text) =>
        text.includes("too many connections from your address"),
      );
      expect(refused.length).toBe(CONNECTIONS - 128);
      const other = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
      other.end(request);
      const answer = Buffer.concat((await Array.fromAsync(other)) as Buffer[]).toString("latin1");
      expect(answer).toContain(`${tip} refs/heads/main`);
      for (const socket of sockets) socket.destroy();
      await besieged.returnsTo(before);
    },
    STORY_MS,
  );
});

describe("clients who ask for a large pack and never read", () => {
  const work = join(place, "large");
  const address = () => `${server.addresses["http"]}/large.git`;

  /** Bytes that the server has read from files and pipes. */
  const bytesRead = () => Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${server.pid}/io`, "utf8"))?.[1]);

  /** Resolves when the server has given every client as much as there is room for: then it reads no more. */
  async function satiated(before: number): Promise<void> {
    for (let quiet = 0, last = before; quiet < QUIET_POLLS; last = bytesRead()) {
      await Bun.sleep(POLL_MS);
      quiet = bytesRead() === last && last - before > IDLE_READERS * 1024 * 1024 ? quiet + 1 : 0;
    }
  }

  beforeAll(async () => {
    await gitOutput(place, ["init", "-q", "-b", "main", work]);
    writeFileSync(join(work, "noise"), randomBytes(LARGE_BYTES));
    await gitOutput(work, ["add", "."]);
    await gitOutput(work, ["commit", "-q", "-m", "large"]);
    await gitOutput(work, ["push", "-q", address(), "main"]);
  }, STORY_MS);

  test.each(["http", "git"] as const)(
    "cost little memory each: %s",
    async (door) => {
      const wants = `want ${await gitOutput(work, ["rev-parse", "main"])}`;
      const body = fetchOf("ofs-delta", wants, "done");
      const head = `POST /large.git/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nGit-Protocol: version=2\r\n`;
      const type = "Content-Type: application/x-git-upload-pack-request";
      const request =
        door === "http"
          ? `${head}${type}\r\nContent-Length: ${body.length}\r\n\r\n`
          : encodePacket(`git-upload-pack /large.git\0host=x\0\0version=2\0`);
      const [before, read] = [besieged.holdings, bytesRead()];
      const sockets: Socket[] = [];
      const growth = await besieged.growthDuring(async () => {
        for (let at = 0; at < IDLE_READERS; at++) {
          const socket = await besieged.connect(door);
          sockets.push(socket.pause());
          socket.write(request);
          socket.write(body);
        }
        await satiated(read);
      });
      // Others are served meanwhile, with the same pack.
      await gitOutput(place, [
        "-c",
        "transfer.fsckObjects=true",
        "clone",
        "-q",
        "--bare",
        address(),
        `${work}-${door}.git`,
      ]);
      for (const socket of sockets) socket.destroy();
      expect(growth / IDLE_READERS).toBeLessThan(READER_BYTES_MAX);
      await besieged.returnsTo(before);
    },
    STORY_MS,
  );
});
