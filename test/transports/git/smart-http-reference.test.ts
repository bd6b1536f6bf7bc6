// Git's clients see no difference to git http-backend: what both answer to the same request, byte by byte where it can be.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DELIM, encodePacket, FLUSH } from "../../../src/wire/pkt-line.ts";
import { gitOutput } from "../../support/git-client.ts";
import { serveHttpBackend } from "../../support/http-backend.ts";
import { startServer, type RunningServer } from "../../support/running-server.ts";

const place = mkdtempSync(join(tmpdir(), "holdfast-reference-"));
let server: RunningServer;
let backend: { readonly url: string; close(): void };

beforeAll(async () => {
  server = await startServer({ data: join(place, "data"), env: { HOLDFAST_ANON_ACCESS: "read-write" } });
  const repository = join(server.storage, "alice", "one.git");
  mkdirSync(join(server.storage, "alice"), { recursive: true });
  const work = join(place, "work");
  await gitOutput(place, ["init", "-q", "-b", "main", work]);
  await gitOutput(work, ["commit", "-q", "--allow-empty", "-m", "one"]);
  await gitOutput(work, ["tag", "-a", "-m", "annotated", "v1"]);
  await gitOutput(work, ["branch", "topic"]);
  await gitOutput(work, ["commit", "-q", "--allow-empty", "-m", "two"]);
  await gitOutput(place, ["clone", "-q", "--bare", work, repository]);
  backend = serveHttpBackend(server.storage);
});
afterAll(async () => {
  backend.close();
  await server[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body: string;
}

const COMPARED = ["content-type", "expires", "pragma", "cache-control", "allow"];

async function ask(base: string, path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(`${base}${path}`, init);
  const headers = Object.fromEntries(COMPARED.map((name) => [name, response.headers.get(name)]));
  return { status: response.status, headers, body: Buffer.from(await response.bytes()).toString("latin1") };
}

/** The same request to both. */
async function both(path: string, init: RequestInit = {}): Promise<{ ours: Answer; gits: Answer }> {
  const [ours, gits] = await Promise.all([
    ask(`${server.addresses["http"]}/alice/one.git`, path, init),
    ask(`${backend.url}/alice/one.git`, path, init),
  ]);
  return { ours, gits };
}

/** An advertisement without what names the program, and without capabilities, which the tests of the wire compare. */
const withoutCapabilities = (body: string): string =>
  body
    .replace(/[0-9a-f]{4}([0-9a-f]{40} [^\0\n]+)\0[^\n]*\n/, "$1\n")
    .replaceAll(/.{4}(agent|session-id)=[^\n]*\n/g, "");

describe("advertisements", () => {
  for (const service of ["git-upload-pack", "git-receive-pack"]) {
    for (const version of [undefined, "version=1", "version=2", "version=3", "hello:version=1:version=0"]) {
      test(`${service}, ${version ?? "no version"}`, async () => {
        const headers = version === undefined ? {} : { "git-protocol": version };
        const { ours, gits } = await both(`/info/refs?service=${service}`, { headers });
        expect([ours.status, ours.headers]).toEqual([gits.status, gits.headers]);
        const speaksTwo = version === "version=2" && service === "git-upload-pack";
        if (speaksTwo) expect(ours.body).toStartWith("000eversion 2\n");
        else expect(withoutCapabilities(ours.body)).toBe(withoutCapabilities(gits.body));
      });
    }
  }

  test("HEAD is GET without its body", async () => {
    const { ours, gits } = await both("/info/refs?service=git-upload-pack", { method: "HEAD" });
    expect(ours).toEqual({ ...gits, body: "" });
  });
});

describe("results", () => {
  const post = (service: string, body: string | Uint8Array, more: Record<string, string> = {}): RequestInit => ({
    method: "POST",
    body,
    headers: { "content-type": `application/x-${service}-request`, ...more },
  });
  const packets = (...lines: string[]) => Buffer.concat(lines.map((line) => encodePacket(`${line}\n`)));
  const LS_REFS = Buffer.concat([
    packets("command=ls-refs", "agent=git/2.39.5", "object-format=sha1"),
    DELIM,
    packets("peel", "symrefs", "unborn", "ref-prefix refs/heads/", "ref-prefix refs/tags/", "ref-prefix HEAD"),
    FLUSH,
  ]);

  test("ls-refs, plain and compressed", async () => {
    for (const gzip of [false, true]) {
      const body = gzip ? Bun.gzipSync(LS_REFS) : LS_REFS;
      const encoding: Record<string, string> = gzip ? { "content-encoding": "gzip" } : {};
      const { ours, gits } = await both(
        "/git-upload-pack",
        post("git-upload-pack", body, { "git-protocol": "version=2", ...encoding }),
      );
      expect(ours).toEqual(gits);
      expect(ours.body).toContain("HEAD symref-target:refs/heads/main");
    }
  });

  test("a push of nothing, which git sends to see whether it may", async () => {
    const { ours, gits } = await both("/git-receive-pack", post("git-receive-pack", "0000"));
    expect(ours).toEqual(gits);
  });

  test("a deletion", async () => {
    const repository = join(server.storage, "alice", "one.git");
    const oid = await gitOutput(repository, ["rev-parse", "topic"]);
    const commands = `${oid} ${"0".repeat(40)} refs/heads/topic\0 report-status delete-refs`;
    const body = `${(commands.length + 4).toString(16).padStart(4, "0")}${commands}0000`;
    const ours = await ask(
      `${server.addresses["http"]}/alice/one.git`,
      "/git-receive-pack",
      post("git-receive-pack", body),
    );
    await gitOutput(repository, ["update-ref", "refs/heads/topic", oid]);
    const gits = await ask(`${backend.url}/alice/one.git`, "/git-receive-pack", post("git-receive-pack", body));
    expect(ours).toEqual(gits);
    expect(ours.body).toContain("unpack ok");
    await gitOutput(repository, ["update-ref", "refs/heads/topic", oid]);
  });
});

describe("refusals", () => {
  const type = { "content-type": "text/plain" };

  test("have the same status", async () => {
    const cases: [string, RequestInit, number][] = [
      ["/info/refs?service=git-nonsense", {}, 403],
      ["/git-upload-pack", { method: "POST", body: "0000", headers: type }, 415],
      ["/git-receive-pack", { method: "POST", body: "0000", headers: type }, 415],
      ["/git-upload-pack", {}, 405],
      ["/info/refs?service=git-upload-pack", { method: "POST", body: "" }, 405],
      ["/info/refs?service=git-upload-pack", { method: "DELETE" }, 405],
      ["/nonsense", {}, 404],
    ];
    for (const [path, init, status] of cases) {
      const { ours, gits } = await both(path, init);
      expect([path, ours.status, ours.headers["allow"]]).toEqual([path, status, gits.headers["allow"] ?? null]);
      expect([path, gits.status]).toEqual([path, status]);
    }
  });

  test("the text about a wrong type is git's own", async () => {
    const { ours, gits } = await both("/git-upload-pack", { method: "POST", body: "0000", headers: type });
    expect(ours.body).toBe(gits.body);
  });
});
