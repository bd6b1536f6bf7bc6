import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ControlClient } from "../../../src/transports/control/client.ts";
import { git, gitOutput } from "../../support/git-client.ts";
import { startServer, type RunningServer } from "../../support/running-server.ts";

const MIB = 1024 * 1024;
const PUSH_BYTES_MAX = 8 * MIB;
const place = mkdtempSync(join(tmpdir(), "holdfast-smart-http-"));
let server: RunningServer;
let control: ControlClient;
let base: string;
/** A token that may read and write what its user may. */
let token: string;

beforeAll(async () => {
  const env = { HOLDFAST_PUSH_BYTES_MAX: String(PUSH_BYTES_MAX), HOLDFAST_ALLOWED_ORIGINS: "https://app.example.org" };
  server = await startServer({ data: join(place, "data"), env });
  control = new ControlClient(server.data);
  base = server.addresses["http"]!;
  for (const name of ["alice", "bob"]) await control.call("createUser", { name });
  ({ token } = await control.call<{ token: string }>("createToken", { user: "alice", name: "test" }));
  for (const name of ["open", "hidden"]) {
    const repository = { storage: "default", relativePath: `alice/${name}.git` };
    await control.call("createRepository", { repository, objectFormat: "sha1" });
    await control.call("setVisibility", { repository, private: name === "hidden" });
  }
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream;

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const refs = (name: string, service = "git-upload-pack") => `${base}/git/${name}/info/refs?service=${service}`;

function post(name: string, service: string, body: Body, headers: Record<string, string> = {}): Promise<Response> {
  const type = { "content-type": `application/x-${service}-request` };
  return fetch(`${base}/git/${name}/${service}`, { method: "POST", body, headers: { ...type, ...headers } });
}

describe("addresses", () => {
  test("with and without /git/, .git and slashes too many are the same repository", async () => {
    const paths = [
      "/git/alice/open",
      "/git/alice/open.git",
      "/git//alice/open/",
      "/alice/open.git",
      "/git/%61lice/open",
    ];
    for (const path of paths)
      expect([path, (await fetch(`${base}${path}/info/refs?service=git-upload-pack`)).status]).toEqual([path, 200]);
  });

  test("a plain directory is found; where both are, the one with .git has the name", async () => {
    const init = (path: string, format: string) =>
      gitOutput(place, ["init", "-q", "--bare", `--object-format=${format}`, join(server.storage, path)]);
    await init("alice/plain", "sha256");
    const format = async () => /object-format=\w+/.exec(await (await fetch(refs("alice/plain"))).text())?.[0];
    expect(await format()).toBe("object-format=sha256");
    await init("alice/plain.git", "sha1");
    expect(await format()).toBe("object-format=sha1");
  });

  test("names that no repository may have are refused with a word, whatever they are made of", async () => {
    const names = ["-x/y", "a/%00b", "a/..%2f..%2fetc", "a%0ab/c", "api/x", "a/b.lock", "%ff%fe", "%zz"];
    names.push("a".repeat(300), "a/.git", "@hashed/aa/bb");
    for (const name of names) {
      const response = await fetch(refs(name), { headers: bearer(token) });
      expect([name, [400, 404].includes(response.status)]).toEqual([name, true]);
      expect(await response.text()).toMatch(/^[^\0-\x1f]+\n$/);
    }
  });

  test("what belongs to other doors is left to them", async () => {
    const response = await fetch(`${base}/v1/repos/alice%2Fopen/x.git/info/refs`);
    expect(await response.json()).toMatchObject({ reason: "address_unknown" });
    expect((await fetch(`${base}/git/alice/open`)).status).toBe(404);
  });
});

describe("who may see what", () => {
  test("what is hidden answers as what is not there: a challenge to nobody known, 404 to others", async () => {
    const { token: bobs } = await control.call<{ token: string }>("createToken", { user: "bob", name: "test" });
    const seen = async (name: string, headers: Record<string, string> = {}) => {
      const response = await fetch(refs(name), { headers });
      const challenge = response.headers.get("www-authenticate");
      return [response.status, challenge, (await response.text()).replaceAll(name, "NAME")];
    };
    for (const credentials of [{}, bearer(bobs)]) {
      expect(await seen("alice/hidden", credentials)).toEqual(await seen("alice/absent", credentials));
    }
    expect(await seen("alice/hidden")).toMatchObject([
      401,
      expect.stringMatching(/^Basic realm=.*Bearer /),
      expect.anything(),
    ]);
    expect(await seen("alice/hidden", bearer(bobs))).toMatchObject([404, null, "repository not found: NAME\n"]);
    expect((await seen("alice/hidden", bearer(token)))[0]).toBe(200);
    expect((await seen("alice/open"))[0]).toBe(200);
  });

  test("who may read and not write is challenged, or told so", async () => {
    const { token: reading } = await control.call<{ token: string }>("createToken", {
      user: "alice",
      name: "r",
      access: "read",
    });
    expect((await fetch(refs("alice/open", "git-receive-pack"))).status).toBe(401);
    const response = await fetch(refs("alice/open", "git-receive-pack"), { headers: bearer(reading) });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("permission denied")]);
  });

  test("a wrong token is 401 always, also where nobody needs one", async () => {
    for (const name of ["alice/open", "alice/hidden", "alice/absent"])
      expect((await fetch(refs(name), { headers: bearer("hft_wrong") })).status).toBe(401);
  });

  test("git shows what we say", async () => {
    const asked = (url: string) => git(place, ["ls-remote", url]);
    const withToken = base.replace("://", `://x:${token}@`);
    expect((await asked(`${withToken}/git/alice/absent`)).stderr).toBe(
      `remote: repository not found: alice/absent\nfatal: repository '${base}/git/alice/absent/' not found\n`,
    );
    expect((await asked(`${base.replace("://", "://x:wrong@")}/git/alice/hidden`)).stderr).toContain(
      "remote: authentication required: give a token as the password\nfatal: Authentication failed",
    );
    expect((await asked(`${base}/git/api/x`)).stderr).toContain(
      "remote: malformed request: the repository begins with the reserved word api",
    );
  });

  test("who accepts JSON gets JSON", async () => {
    const response = await fetch(refs("alice/absent"), { headers: { ...bearer(token), accept: "application/json" } });
    expect(await response.json()).toMatchObject({
      error: "repository not found: alice/absent",
      reason: "repository_not_found",
    });
  });

  test("pages of other origins reach nothing; listed ones do", async () => {
    expect((await fetch(refs("alice/open"), { headers: { origin: "https://evil.example" } })).status).toBe(403);
    const listed = await fetch(refs("alice/open"), { headers: { origin: "https://app.example.org" } });
    expect([listed.status, listed.headers.get("access-control-allow-origin")]).toEqual([
      200,
      "https://app.example.org",
    ]);
    expect((await fetch(refs("alice/open"), { headers: { host: "evil.example" } })).status).toBe(403);
  });
});

describe("methods and types", () => {
  test("the dumb protocol is refused, and git says why", async () => {
    for (const path of [
      "info/refs",
      "HEAD",
      "objects/info/packs",
      `objects/ab/${"c".repeat(38)}`,
      "info/refs?service=git-upload-archive",
    ])
      expect([path, (await fetch(`${base}/git/alice/open/${path}`)).status]).toEqual([path, 403]);
    const { code, stderr } = await git(place, ["ls-remote", `${base}/git/alice/open`], { GIT_SMART_HTTP: "0" });
    expect([code, stderr]).toEqual([128, expect.stringContaining("remote: the dumb protocol is not served here")]);
  });

  test("OPTIONS and what is not allowed name what is", async () => {
    const asked = await fetch(refs("alice/open"), { method: "OPTIONS" });
    expect([asked.status, asked.headers.get("allow")]).toEqual([204, "GET, HEAD"]);
    const put = await fetch(`${base}/git/alice/open/git-upload-pack`, { method: "PUT", body: "x" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test("an encoding that git does not use is refused", async () => {
    const response = await post("alice/open", "git-upload-pack", "0000", { "content-encoding": "br" });
    expect(response.status).toBe(415);
  });

  test("curl is told to continue before it sends a body", async () => {
    const curl = Bun.spawn(
      [
        ..."curl -sv -H Expect:100-continue --data-binary 0000 -H".split(" "),
        "Content-Type: application/x-git-receive-pack-request",
        "-H",
        `Authorization: Bearer ${token}`,
        `${base}/git/alice/open/git-receive-pack`,
      ],
      { stdout: "pipe", stderr: "pipe" },
    );
    const heard = await new Response(curl.stderr).text();
    expect(heard).toContain("< HTTP/1.1 100 Continue");
    expect(heard).toContain("< HTTP/1.1 200 OK");
  });
});

describe("hostile bodies", () => {
  const push = (body: Body, headers: Record<string, string> = {}) =>
    post("alice/open", "git-receive-pack", body, { ...bearer(token), ...headers });

  test("a body that announces, or turns out, to be larger than the limit", async () => {
    expect((await push(new Uint8Array(PUSH_BYTES_MAX + 1))).status).toBe(413);
    const pieces = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from("0000"));
        for (let turn = 0; turn <= 8; turn++) controller.enqueue(new Uint8Array(MIB));
        controller.close();
      },
    });
    const response = await push(pieces);
    expect(response.status).toBeGreaterThanOrEqual(200);
    expect(await response.text()).not.toContain("unpack ok");
  });

  test("a compressed body that unfolds without end costs neither memory nor time", async () => {
    const zero = "0".repeat(40);
    const memory = await metric("process_resident_memory_bytes");
    const beganAt = performance.now();
    for (const [service, line] of [
      ["git-upload-pack", `0032want ${zero}\n`],
      ["git-receive-pack", `0068${zero} ${zero} refs/heads/a\n`],
    ] as const) {
      const bomb = gzipSync(Buffer.alloc(200 * MIB, line));
      const response = await post("alice/open", service, bomb, { "content-encoding": "gzip", ...bearer(token) });
      if (service === "git-upload-pack") expect(response.status).toBe(413);
      expect(await response.text()).not.toContain("unpack ok");
    }
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    expect((await metric("process_resident_memory_bytes")) - memory).toBeLessThan(150 * MIB);
  });

  test("what is no gzip, no packets, or cut off", async () => {
    for (const [body, headers] of [
      ["nonsense", { "content-encoding": "gzip" }],
      [gzipSync("0000").subarray(0, 10), { "content-encoding": "gzip" }],
      ["zzzz", {}],
      ["ffffx", {}],
      ["0014command=ls-", { "git-protocol": "version=2" }],
    ] as const) {
      const response = await post("alice/open", "git-upload-pack", body, { ...headers });
      const text = await response.text();
      expect([response.status >= 400 || text.includes("ERR "), text.length > 0]).toEqual([true, true]);
    }
    expect((await fetch(refs("alice/open"))).status).toBe(200);
  });
});

describe("clients that go away", () => {
  test("in the middle of a body: the operation ends at once", async () => {
    const port = Number(new URL(base).port);
    const socket = connect(port, "127.0.0.1");
    const head = [
      "POST /git/alice/open/git-receive-pack HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      "Content-Type: application/x-git-receive-pack-request",
      `Authorization: Bearer ${token}`,
      "Transfer-Encoding: chunked",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n4\r\n00a8\r\n`);
    await until(async () => (await metric("holdfast_operations_in_flight")) > 0);
    socket.destroy();
    await until(async () => (await metric("holdfast_operations_in_flight")) === 0);
    await until(() => Promise.resolve(/"operation":"receivePack".*"code":"canceled"/.test(server.log())));
  });
});

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Asks until it is so; the test's own time limit ends it otherwise. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await gitOutput(place, ["version"]);
}
