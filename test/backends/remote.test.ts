import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RemoteAccess } from "../../src/backend/remote-facet.ts";
import type { ChildEvent } from "../../src/backend/shell/git-child.ts";
import { createShellBackend, type ShellBackend } from "../../src/backend/shell/shell-backend.ts";
import { errorSentence } from "../../src/domain/error-sentence.ts";
import type { OperationError } from "../../src/domain/errors.ts";
import { serveHttpBackend } from "../support/http-backend.ts";
import { failure } from "../support/read-story.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const SECRET = "s3cret-t0ken-that-nobody-sees";
const USER = "robot";
const BASIC = `Basic ${Buffer.from(`${USER}:${SECRET}`).toString("base64")}`;
const PREFIXES = ["refs/heads/", "refs/tags/"];

let scratchRoot: string;
let shell: ShellBackend;
let source: TemporaryRepository;
let target: TemporaryRepository;
let server: ReturnType<typeof serveHttpBackend>;
let mode: "open" | "guarded" | "redirect" | "hang" | "break" | "echo" = "open";
let commit: string;
/** What could be seen of the children while they ran. */
const seen: string[] = [];

beforeAll(async () => {
  scratchRoot = await mkdtemp(join(tmpdir(), "holdfast-scratch-"));
  shell = createShellBackend({ scratchRoot, onChild: (event) => void look(event) });
  source = await TemporaryRepository.create();
  target = await TemporaryRepository.create();
  commit = await source.commit({ files: { "a.txt": "a\n", "b.bin": incompressible(64) } });
  server = serveHttpBackend(dirname(source.path), answerByMode);
});

afterAll(async () => {
  server.close();
  await shell.close();
  await Promise.all([
    source[Symbol.asyncDispose](),
    target[Symbol.asyncDispose](),
    rm(scratchRoot, { recursive: true, force: true }),
  ]);
});

async function answerByMode(request: Request): Promise<Response | undefined> {
  const known = request.headers.get("authorization") === BASIC;
  if (mode === "hang") return await new Promise<Response>(() => {});
  if (mode === "redirect") return Response.redirect(`http://localhost:1/elsewhere.git/info/refs`, 302);
  if (mode === "break" && request.method === "POST") return new Response(BROKEN_PACK, { headers: RESULT });
  if (mode === "guarded" || mode === "echo") {
    await look();
    if (mode === "echo" && known) {
      const said = `you sent ${request.headers.get("authorization")} and ${SECRET}`;
      return new Response(said, { status: 403, headers: { "content-type": "text/plain" } });
    }
    if (!known) return new Response("no", { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } });
  }
  return undefined;
}

/** The beginning of a pack of protocol v2, and nothing behind it. */
const BROKEN_PACK = "000dpackfile\n0011\u0001PACK\0\0\0\u0002\0\0\0\u0009";
const RESULT = { "content-type": "application/x-git-upload-pack-result" };

/** Takes down arguments and environment of everything that runs with our scratch directory. */
async function look(event?: ChildEvent): Promise<void> {
  if (event?.kind === "ended") return;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    try {
      const environ = await readFile(`/proc/${pid}/environ`, "latin1");
      if (!environ.includes(scratchRoot)) continue;
      seen.push(environ, await readFile(`/proc/${pid}/cmdline`, "latin1"));
    } catch {
      // It has ended, or is not ours.
    }
  }
}

const remote = (more: Partial<RemoteAccess> = {}): RemoteAccess => ({
  url: `${server.url}/repository.git`,
  address: "127.0.0.1",
  timeoutMs: 30_000,
  bytesMax: 1_000_000,
  ...more,
});

/** So many kibibytes that no compression makes smaller. */
function incompressible(kibibytes: number): Buffer {
  const blocks = Array.from({ length: kibibytes * 32 }, (_, n) => createHash("sha256").update(String(n)).digest());
  return Buffer.concat(blocks);
}

const withSecret = (secret = SECRET) => ({ credential: { username: USER, secret: Buffer.from(secret) } });

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

const quarantined = (name: string) => ({
  gitDir: target.path,
  objectFormat: "sha1" as const,
  quarantineDir: join(target.path, name),
});

describe("remote.list", () => {
  test("gives references and HEAD", async () => {
    mode = "open";
    const { references, head } = await shell.remote.list({}, remote(), PREFIXES);
    expect(references).toEqual([{ name: "refs/heads/main", oid: commit }]);
    expect(head).toBe("refs/heads/main");
    expect(await readdir(scratchRoot)).toEqual([]);
  });

  test("a name is reached at the address that was checked", async () => {
    mode = "open";
    const url = `http://git.example.com:${new URL(server.url).port}/repository.git`;
    const { references } = await shell.remote.list({}, remote({ url }), PREFIXES);
    expect(references).toHaveLength(1);
  });

  test("the credential opens the server, and is seen in no process", async () => {
    mode = "guarded";
    seen.length = 0;
    const { references } = await shell.remote.list({}, remote(withSecret()), PREFIXES);
    expect(references).toHaveLength(1);
    expect(seen.some((text) => text.includes("ls-remote"))).toBe(true);
    expect(seen.filter((text) => text.includes(SECRET) || text.includes(BASIC.slice(6)))).toEqual([]);
  });

  test("a wrong credential, and none where one is wanted", async () => {
    mode = "guarded";
    const wrong = await failure(shell.remote.list({}, remote(withSecret("wrong")), PREFIXES), "remote_refused");
    expect(wrong.details.problem).toBe("the credential is not accepted");
    const none = await failure(shell.remote.list({}, remote(), PREFIXES), "remote_refused");
    expect(none.details.problem).toBe("it asks for a credential");
  });

  test("a server that says the credential to our faces is not repeated", async () => {
    mode = "echo";
    const error = await failure(shell.remote.list({}, remote(withSecret()), PREFIXES), "remote_refused");
    const told = [errorSentence(error), JSON.stringify(error.details), Bun.inspect(error, { depth: 10 })].join();
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain(BASIC.slice(6));
  });

  test("nobody is followed elsewhere", async () => {
    mode = "redirect";
    const { details } = await failure(shell.remote.list({}, remote(), PREFIXES), "remote_refused");
    expect(details.problem).toBe("it sends to another address, which is not followed");
  });

  test("who does not answer is left after the time", async () => {
    mode = "hang";
    const { details } = await failure(
      shell.remote.list({}, remote({ timeoutMs: 300 }), PREFIXES),
      "remote_unreachable",
    );
    expect(details.problem).toBe("it does not answer in time");
    seen.length = 0;
    await look();
    expect(seen).toEqual([]);
  });

  test("nobody there", async () => {
    const free = createServer();
    await new Promise<void>((resolve) => void free.listen(0, "127.0.0.1", resolve));
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    for (const scheme of ["http", "git", "ssh"]) {
      const url = `${scheme}://127.0.0.1:${port}/repository.git`;
      const { details } = await failure(shell.remote.list({}, remote({ url }), PREFIXES), "remote_unreachable");
      expect(details.host).toBe(`127.0.0.1:${port}`);
    }
  });

  test("no repository there", async () => {
    mode = "open";
    const url = `${server.url}/other.git`;
    const { details } = await failure(shell.remote.list({}, remote({ url }), PREFIXES), "remote_refused");
    expect(details.problem).toBe("no such repository there");
  });
});

describe("remote.fetch", () => {
  test("brings what an id reaches into the quarantine, and moves no reference", async () => {
    mode = "guarded";
    seen.length = 0;
    const view = quarantined("q1");
    const lines = await collect(shell.remote.fetch(view, remote(withSecret()), [commit as never]));
    expect(lines.some((line) => line.includes("Receiving objects") || line.includes("remote: "))).toBe(true);
    expect(await shell.objects.info(view, commit as never)).toMatchObject({ type: "commit" });
    expect(await shell.objects.info({ gitDir: target.path, objectFormat: "sha1" }, commit as never)).toBeUndefined();
    expect(await target.text(["for-each-ref"])).toBe("");
    expect(seen.filter((text) => text.includes(SECRET))).toEqual([]);
    expect(await readdir(scratchRoot)).toEqual([]);
    await shell.quarantine.discard(view);
  });

  test("an answer that breaks off", async () => {
    mode = "break";
    const view = quarantined("q2");
    const error = await failure(collect(shell.remote.fetch(view, remote(), [commit as never])), "remote_unreachable");
    expect(error.details.problem).toBe("the connection broke off");
    await shell.quarantine.discard(view);
  });

  test("objects that fsck refuses are refused", async () => {
    mode = "open";
    const bad = await TemporaryRepository.create();
    const tree = await bad.text(["mktree", "--missing"], { input: "" });
    const content = `tree ${tree}\nauthor no mail 1 +0000\ncommitter no mail 1 +0000\n\nbad\n`;
    const oid = await bad.text(["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], { input: content });
    await bad.git(["update-ref", "refs/heads/main", oid]);
    const backend = serveHttpBackend(dirname(bad.path));
    const view = quarantined("q3");
    try {
      const url = `${backend.url}/repository.git`;
      await failure(collect(shell.remote.fetch(view, remote({ url }), [oid as never])), "objects_invalid");
    } finally {
      backend.close();
      await bad[Symbol.asyncDispose]();
      await shell.quarantine.discard(view);
    }
  });

  test("more than is allowed is refused", async () => {
    mode = "open";
    const view = quarantined("q5");
    const fetching = collect(shell.remote.fetch(view, remote({ bytesMax: 10_000 }), [commit as never]));
    const { details } = await failure(fetching, "too_large");
    expect(details.limitBytes).toBe(10_000);
    await shell.quarantine.discard(view);
  });

  test("one that is called off ends with its request", async () => {
    mode = "hang";
    const view = { ...quarantined("q4"), signal: AbortSignal.timeout(200) };
    const error = await collect(shell.remote.fetch(view, remote(), [commit as never])).catch(
      (caught: unknown) => caught,
    );
    expect((error as OperationError).reason).toBe("canceled");
    seen.length = 0;
    await look();
    expect(seen).toEqual([]);
    expect(await readdir(scratchRoot)).toEqual([]);
  });
});

describe("remote.push", () => {
  test("makes references there what they are here, and takes away those that are not", async () => {
    mode = "guarded";
    const there = await TemporaryRepository.create();
    await there.commit({ branch: "old", files: { x: "x" } });
    const backend = serveHttpBackend(dirname(there.path), answerByMode);
    try {
      const view = { gitDir: source.path, objectFormat: "sha1" as const };
      const refspecs = PREFIXES.map((prefix) => `+${prefix}*:${prefix}*`);
      const access = remote({ ...withSecret(), url: `${backend.url}/repository.git` });
      await collect(shell.remote.push(view, access, { refspecs, prune: true }));
      expect(await there.text(["for-each-ref", "--format=%(refname) %(objectname)"])).toBe(`refs/heads/main ${commit}`);
      // Nothing to do, the second time.
      await collect(shell.remote.push(view, access, { refspecs, prune: true }));
    } finally {
      backend.close();
      await there[Symbol.asyncDispose]();
    }
  });
});
