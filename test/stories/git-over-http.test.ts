// Git's own client over HTTP, as a user runs it, on both backends and both databases.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DELIM, encodePacket, FLUSH } from "../../src/wire/pkt-line.ts";
import { git, gitOutput, startGit } from "../support/git-client.ts";
import { EACH_ONCE, install, type Installation } from "../support/installation.ts";
import type { RunningServer } from "../support/running-server.ts";
import { runGit } from "../support/temporary-repository.ts";

const TOKEN = "holdfast-story-token-of-the-administrator";
const MIB = 1024 * 1024;
const VERSIONS = ["0", "1", "2"];

describe.each([...EACH_ONCE])("git over HTTP, %s", (combination) => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-http-"));
  const work = join(place, "work");
  let installation: Installation;
  let server: RunningServer;
  /** Address of a repository for its owner. */
  let address: (name: string) => string;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start({ HOLDFAST_ADMIN_TOKEN: TOKEN });
    address = (name) => `${server.addresses["http"]!.replace("://", `://admin:${TOKEN}@`)}/git/${name}`;
    await gitOutput(place, ["init", "-q", "-b", "main", work]);
    for (let turn = 1; turn <= 5; turn++) await commit(`file${turn}`, `content ${turn}\n`.repeat(100));
    await gitOutput(work, ["tag", "-a", "-m", "first", "v1", "HEAD~3"]);
    await gitOutput(work, ["push", "-q", address("alice/one"), "main", "v1"]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  async function commit(path: string, content: string | Uint8Array): Promise<string> {
    writeFileSync(join(work, path), content);
    await gitOutput(work, ["add", path]);
    await gitOutput(work, ["commit", "-q", "-m", path]);
    return gitOutput(work, ["rev-parse", "HEAD"]);
  }

  const tip = (repository: string, ref = "refs/heads/main") => gitOutput(repository, ["rev-parse", ref]);
  const stored = (name: string) => join(server.storage, `${name}.git`);

  test.each(VERSIONS)("version %s: clone, fetch, shallow, deepen, filter, push", async (version) => {
    const clone = (to: string, ...args: string[]) =>
      gitOutput(place, ["-c", `protocol.version=${version}`, "clone", "-q", ...args, address("alice/one"), to]);
    const inside = (to: string) => ["-c", `protocol.version=${version}`, "-C", to];
    const full = join(place, `full-${version}`);
    await clone(full);
    expect(await tip(full)).toBe(await tip(stored("alice/one")));
    expect(await gitOutput(full, ["describe", "--abbrev=0"])).toBe("v1");

    const shallow = join(place, `shallow-${version}`);
    await clone(shallow, "--depth=1");
    expect(await gitOutput(shallow, ["rev-list", "--count", "HEAD"])).toBe("1");
    await gitOutput(place, [...inside(shallow), "fetch", "-q", "--deepen=2"]);
    expect(await gitOutput(shallow, ["rev-list", "--count", "HEAD"])).toBe("3");

    const partial = join(place, `partial-${version}`);
    await clone(partial, "--filter=blob:none", "--no-checkout");
    expect(await gitOutput(partial, ["rev-list", "--objects", "--missing=print", "HEAD"])).toContain("?");

    const pushed = await commit(`by-version-${version}`, `version ${version}\n`);
    await gitOutput(place, [...inside(work), "push", "-q", address("alice/one"), "main"]);
    expect(await tip(stored("alice/one"))).toBe(pushed);
    await gitOutput(place, [...inside(full), "fetch", "-q"]);
    expect(await tip(full, "origin/main")).toBe(pushed);
    for (const repository of [full, shallow]) await gitOutput(repository, ["fsck", "--strict"]);
  });

  test("a push of 32 MiB comes in chunks, and goes out again", async () => {
    const name = "alice/large";
    const oid = await commit(
      "large",
      crypto
        .getRandomValues(Buffer.alloc(64 * 1024))
        .toString("hex")
        .repeat(1),
    );
    await gitOutput(work, ["checkout", "-q", "-b", "large"]);
    const pieces = Array.from({ length: 32 * 16 }, () => crypto.getRandomValues(Buffer.alloc(64 * 1024)));
    await commit("random", Buffer.concat(pieces));
    const { code, stderr } = await git(work, ["push", address(name), "large"], { GIT_CURL_VERBOSE: "1" });
    expect([code, /Transfer-Encoding: chunked/i.test(stderr)]).toEqual([0, true]);
    await gitOutput(work, ["checkout", "-q", "main"]);
    const clone = join(place, "large");
    await gitOutput(place, ["clone", "-q", "-b", "large", address(name), clone]);
    expect(await gitOutput(clone, ["rev-parse", "HEAD~"])).toBe(oid);
    await gitOutput(clone, ["fsck", "--strict"]);
  }, 60_000);

  test("a long request comes compressed", async () => {
    const many = join(place, "many");
    await gitOutput(place, ["init", "-q", "--bare", many]);
    const commits = Array.from(
      { length: 60 },
      (_, at) => `commit refs/heads/b${at}\ncommitter A <a@b> ${1_700_000_000 + at} +0000\ndata 1\nx\n`,
    );
    await runGit(many, ["fast-import", "--quiet"], { input: commits.join("") });
    await gitOutput(many, ["push", "-q", "--all", address("alice/many")]);
    for (const version of VERSIONS) {
      const clone = ["-c", `protocol.version=${version}`, "clone", address("alice/many"), `${many}-${version}`];
      const { code, stderr } = await git(place, clone, { GIT_CURL_VERBOSE: "1" });
      expect([code, /Content-Encoding: gzip/i.test(stderr)]).toEqual([0, true]);
    }
  });

  test("credentials: in the address, in a header; nobody pushes without", async () => {
    const plain = `${server.addresses["http"]}/alice/one.git`;
    const header = ["-c", `http.extraHeader=Authorization: Bearer ${TOKEN}`];
    expect(await gitOutput(place, ["ls-remote", plain])).toContain("refs/heads/main");
    expect((await git(work, ["push", plain, "main:refs/heads/nobody"])).stderr).toContain("could not read Username");
    await gitOutput(work, [...header, "push", "-q", plain, "main:refs/heads/header"]);
    await gitOutput(work, ["push", "-q", address("alice/one"), "main:refs/heads/url"]);
    const wrong = await git(place, ["-c", "http.extraHeader=Authorization: Bearer wrong", "ls-remote", plain]);
    expect([wrong.code, wrong.stderr]).toEqual([128, expect.stringContaining("could not read Username")]);
  });

  /** Processes whose parent is the server. */
  const children = () =>
    readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => {
        try {
          const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
          return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === server.pid;
        } catch {
          return false;
        }
      })
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
        } catch {
          return "";
        }
      })
      // Kept for the next questions, and not of any client.
      .filter((command) => command !== "" && !command.includes("cat-file"));

  /** Everything below the storage, by path. */
  const files = (name: string) => (readdirSync(stored(name), { recursive: true }) as string[]).sort();

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await Bun.sleep(5);
  }

  const lines = (pattern: RegExp) =>
    server
      .log()
      .split("\n")
      .filter((line) => pattern.test(line)).length;

  test("a client killed in the middle of a clone leaves no process behind", async () => {
    const before = lines(/"uploadPack".*"canceled"/);
    const curl = Bun.spawn(
      [
        ..."curl -s --limit-rate 64K -o /dev/null -H Git-Protocol:version=2 -H".split(" "),
        "Content-Type: application/x-git-upload-pack-request",
        "--data-binary",
        Buffer.concat([
          encodePacket("command=fetch"),
          DELIM,
          ...["ofs-delta", `want ${await tip(stored("alice/large"), "refs/heads/large")}`, "done"].map(encodePacket),
          FLUSH,
        ]).toString(),
        `${server.addresses["http"]}/git/alice/large/git-upload-pack`,
      ],
      { stdout: "ignore", stderr: "ignore" },
    );
    await until(() => children().some((command) => command.includes("pack-objects")) || curl.exitCode !== null);
    expect(curl.exitCode).toBeNull();
    curl.kill("SIGKILL");
    await until(() => lines(/"uploadPack".*"canceled"/) > before);
    await until(() => children().length === 0);
  }, 30_000);

  test("a client killed in the middle of a push leaves no process, no lock and no file behind", async () => {
    const before = files("alice/one");
    const ended = lines(/"receivePack".*"canceled"/);
    await gitOutput(work, ["checkout", "-q", "large"]);
    // A proxy that lets 8 MiB through and then holds its breath.
    const held = Promise.withResolvers<void>();
    const target = Number(new URL(server.addresses["http"]!).port);
    const sockets: Socket[] = [];
    let bytes = 0;
    const proxy = createServer((client) => {
      const up = connect(target, "127.0.0.1");
      sockets.push(client, up);
      up.pipe(client);
      client.on("data", (data: Buffer) => {
        up.write(data);
        bytes += data.byteLength;
        if (bytes < 8 * MIB) return;
        client.pause();
        held.resolve();
      });
      for (const [one, other] of [
        [client, up],
        [up, client],
      ] as const) {
        one.on("error", () => {});
        one.on("close", () => other.destroy());
      }
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as AddressInfo;
    const url = address("alice/one").replace(/:\d+\/git/, `:${port}/git`);
    const client = startGit(work, ["push", url, "large:refs/heads/killed"]);
    await held.promise;
    await until(() => children().some((command) => /index-pack|unpack-objects/.test(command)));
    client.kill("SIGKILL");
    await client.exited;
    for (const helper of remoteHelpers(url)) process.kill(helper, "SIGKILL");
    // Who holds his breath does not hear that the client has gone.
    for (const socket of sockets) socket.destroy();
    await until(() => lines(/"receivePack".*"canceled"/) > ended);
    await until(() => children().length === 0);
    expect(files("alice/one")).toEqual(before);
    proxy.close();
    await gitOutput(work, ["checkout", "-q", "main"]);
    await gitOutput(work, ["push", "-q", address("alice/one"), "main:refs/heads/after"]);
  }, 30_000);

  /** Git's own helpers, which outlive the git that started them when it is killed. */
  const remoteHelpers = (url: string) =>
    readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        try {
          const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
          return command.includes("remote-http") && command.includes(new URL(url).port);
        } catch {
          return false;
        }
      });
});
