// Real git over git://, and clients that git is not.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { ControlClient } from "../../src/transports/control/client.ts";
import { encodePacket, lineOf, PacketReader } from "../../src/wire/pkt-line.ts";
import { COMBINATIONS, install, type Installation } from "../support/installation.ts";
import type { RunningServer } from "../support/running-server.ts";
import { must, run, SshClient } from "../support/ssh-client.ts";

const STORY_MS = 60_000;
const HALF_OPEN = 1_000;

describe.each([...COMBINATIONS])("git://, %s", (combination) => {
  let installation: Installation;
  let server: RunningServer;
  let client: SshClient;
  let source: string;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start();
    client = new SshClient(server);
    await client.makeUser("alice");
    source = await client.makeRepository("source");
    for (const name of ["project", "secret"])
      await client.succeed(["alice"], ["push", "-q", client.url(`alice/${name}`), "main", "v1"], source);
    const secret = { storage: "default", relativePath: "alice/secret.git" };
    await new ControlClient(server.data).call("setVisibility", { repository: secret, private: true });
  }, STORY_MS);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  });

  const url = (name: string) => `git://${server.addresses["git"]}/${name}`;
  const git = (...args: string[]) => client.git([], args);
  const tip = async () => (await client.succeed([], ["rev-parse", "main"], source)).trim();

  /** Opens a connection and sends bytes. */
  async function send(bytes: string | Buffer): Promise<Socket> {
    const socket = connect(Number(server.addresses["git"]!.split(":")[1]), "127.0.0.1");
    await new Promise<void>((resolve, reject) => void socket.once("connect", resolve).once("error", reject));
    if (bytes.length > 0) socket.write(bytes);
    return socket;
  }

  /** All that the server says until it closes. */
  async function answerTo(bytes: string | Buffer): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of await send(bytes)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("latin1");
  }

  for (const version of ["0", "1", "2"]) {
    test(`clones, lists and fetches shallow in version ${version}`, async () => {
      const succeed = async (...args: string[]) => must(await git("-c", `protocol.version=${version}`, ...args));
      const copy = client.path(`copy-${version}`);
      await succeed("clone", "-q", "--bare", url("alice/project"), copy);
      expect((await client.succeed([], ["rev-parse", "main"], copy)).trim()).toBe(await tip());
      expect(await succeed("ls-remote", url("alice/project.git"), "main")).toBe(`${await tip()}\trefs/heads/main\n`);
      const shallow = client.path(`shallow-${version}`);
      await succeed("clone", "-q", "--bare", "--depth", "1", url("alice/project"), shallow);
      expect((await client.succeed([], ["rev-list", "--count", "main"], shallow)).trim()).toBe("1");
    });
  }

  test("gives archives", async () => {
    const archive = client.path("project.tar");
    must(await git("archive", `--remote=${url("alice/project")}`, "-o", archive, "v1"));
    expect(must(await run(["tar", "tf", archive]))).toBe("file.txt\n");
  });

  test("what anybody may not read is told like what is not there", async () => {
    for (const words of [["ls-remote"], ["archive", "main", "--remote"]]) {
      const [secret, absent] = await Promise.all(
        ["secret", "absent"].map((name) =>
          words.length === 1
            ? git(...words, url(`alice/${name}`))
            : git("archive", "main", `--remote=${url(`alice/${name}`)}`),
        ),
      );
      expect(secret!.code).toBe(128);
      expect(secret!.stderr.replaceAll("secret", "absent")).toBe(absent!.stderr);
      expect(absent!.stderr).toContain("access denied or repository not exported: /alice/absent");
    }
  });

  test("nothing can be pushed", async () => {
    const { code, stderr } = await client.git([], ["push", url("alice/project"), "main:x"], source);
    expect(code).toBe(128);
    expect(stderr).toContain("push over HTTP or SSH");
  });

  test("paths lead nowhere else", async () => {
    for (const path of [
      "/../../etc",
      "/alice/../alice/project",
      "/alice//project",
      "/-x",
      "/alice/pro\u0001ject",
      "/",
    ]) {
      const answer = await answerTo(encodePacket(`git-upload-pack ${path}\0host=x\0`));
      expect(answer).toContain("ERR access denied or repository not exported");
    }
  });

  test("the host is of no account, and extra parameters choose the version", async () => {
    const socket = await send(encodePacket("git-upload-pack /alice/project\0host=../../x\0\0version=1\0"));
    const first = await new PacketReader(socket as AsyncIterable<Uint8Array>).next();
    expect(lineOf(first as Buffer)).toBe("version 1");
    socket.destroy();
  });

  test("a client that closes its side still reads its answer", async () => {
    const socket = await send(encodePacket("git-upload-pack /alice/project\0host=x\0"));
    socket.end();
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString("latin1")).toContain("refs/heads/main");
  });

  test("what is no request is told so, and ends", async () => {
    for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "0000", "0001", "zzzz", "0005x", "0009hello", "ffffx"])
      expect(await answerTo(bytes)).toContain("ERR not a request of git's");
    // Cut off, or larger than any packet.
    const cut = await send("00ffgit-upload-pack /x");
    cut.end();
    for await (const _ of cut);
    expect(await answerTo(Buffer.from("fff1"))).toContain("ERR");
  });

  test(
    "half-open connections keep nobody out",
    async () => {
      const open = await Promise.all(Array.from({ length: HALF_OPEN }, (_, n) => send(n % 2 === 0 ? "" : "00")));
      for (const socket of open) socket.on("error", () => undefined).resume();
      expect(must(await git("ls-remote", url("alice/project"), "main"))).toContain(await tip());
      for (const socket of open) socket.destroy();
    },
    STORY_MS,
  );

  test("the log tells of a caller without a name", () => {
    const lines = server
      .log()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(lines.find(({ door, code }) => door === "git" && code === "ok")).toMatchObject({ caller: "anonymous" });
    expect(lines.filter(({ msg }) => String(msg).startsWith("bug"))).toEqual([]);
  });
});
