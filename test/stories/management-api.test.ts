// What administrators and users do over REST, with curl against a running server, and what real git finds afterwards.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HookReceiver } from "../support/hook-receiver.ts";
import { EACH_ONCE, install, type Installation } from "../support/installation.ts";
import type { RunningServer } from "../support/running-server.ts";
import { makeSshKey, writePrivateKey } from "../support/ssh-keys.ts";

const ADMIN_TOKEN = "administrator-of-this-story";
const APP = "/v1/repos/alice%2Fapp";

interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

type Who = "admin" | "alice" | "bob" | "nobody";

describe.each([...EACH_ONCE])("the management API, %s", (combination) => {
  let installation: Installation;
  let server: RunningServer;
  let receiver: HookReceiver;
  const place = mkdtempSync(join(tmpdir(), "holdfast-management-"));
  const tokens: Partial<Record<Who, string>> = { admin: ADMIN_TOKEN };

  /** Runs a program; rejects when it fails. */
  const run = async (program: string, args: readonly string[]): Promise<string> => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: place, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
    const child = Bun.spawn([program, ...args], { env, stdout: "pipe", stderr: "pipe" });
    const [out, problem, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${problem}`);
    return out;
  };

  const curl = async (who: Who, method: string, path: string, body?: object): Promise<Answer> => {
    const token = tokens[who];
    const quietly = ["--silent", "--show-error", "--write-out", "\n%{http_code}"];
    const text = await run("curl", [
      ...quietly,
      "--request",
      method,
      ...(token === undefined ? [] : ["--header", `Authorization: Bearer ${token}`]),
      ...(body === undefined ? [] : ["--json", JSON.stringify(body)]),
      `${server.addresses["http"]}${path}`,
    ]);
    const at = text.lastIndexOf("\n");
    const json = at === 0 ? {} : (JSON.parse(text.slice(0, at)) as Record<string, unknown>);
    return { status: Number(text.slice(at + 1)), json };
  };
  const statuses = async (method: string, path: string, body?: object): Promise<number[]> => {
    const found: number[] = [];
    for (const who of ["nobody", "bob", "alice"] as const) found.push((await curl(who, method, path, body)).status);
    return found;
  };
  /** An address to clone from or push to, with the token of whoever has one. */
  const remote = (who: Who, name: string) => {
    const address = new URL(`/${name}.git`, server.addresses["http"]);
    const token = tokens[who];
    if (token !== undefined) Object.assign(address, { username: who, password: token });
    return address.href;
  };

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start({
      HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
      HOLDFAST_ALLOW_PRIVATE_TARGETS: "true",
      HOLDFAST_SIGNING_KEY: writePrivateKey(place),
    });
    receiver = HookReceiver.open();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    receiver.close();
    await installation[Symbol.asyncDispose]();
    rmSync(place, { recursive: true });
  });

  test("administrators make users, and tokens for them", async () => {
    for (const name of ["alice", "bob"] as const) {
      const made = await curl("admin", "POST", "/v1/users", { name, email: `${name}@example.com` });
      expect(made).toMatchObject({ status: 201, json: { name, is_admin: false, email: `${name}@example.com` } });
      expect(made.json["created_at"]).toBe(new Date(String(made.json["created_at"])).toISOString());
      const token = await curl("admin", "POST", "/v1/tokens", {
        user: name,
        name: "story",
        expires_at: "2200-01-01T00:00:00Z",
      });
      expect(token).toMatchObject({ status: 201, json: { user: name, expires_at: "2200-01-01T00:00:00.000Z" } });
      tokens[name] = String(token.json["token"]);
    }
    expect(await statuses("GET", "/v1/users")).toEqual([401, 403, 403]);
    expect(await statuses("POST", "/v1/users", { name: "eve" })).toEqual([401, 403, 403]);
    expect(await statuses("GET", "/v1/users/alice")).toEqual([401, 403, 200]);
    expect((await curl("alice", "GET", "/v1/whoami")).json).toMatchObject({ kind: "user", name: "alice" });
  });

  test("users keep their own keys and tokens", async () => {
    const key = makeSshKey("ed25519");
    const added = await curl("alice", "POST", "/v1/keys", { key: key.line });
    expect(added).toMatchObject({ status: 201, json: { user: "alice", fingerprint: key.fingerprint } });
    expect((await curl("bob", "POST", "/v1/keys", { key: key.line })).json).toMatchObject({ reason: "key_exists" });
    expect(await statuses("GET", "/v1/keys?user=alice")).toEqual([401, 403, 200]);
    expect(await statuses("DELETE", `/v1/keys/${String(added.json["id"])}?user=alice`)).toEqual([401, 403, 200]);
    const { json } = await curl("alice", "POST", "/v1/tokens", { name: "short", access: "read" });
    expect((await curl("bob", "DELETE", "/v1/tokens/short?user=alice")).status).toBe(403);
    expect((await curl("alice", "DELETE", `/v1/tokens/${String(json["id"])}`)).status).toBe(200);
    expect((await curl("alice", "GET", "/v1/tokens")).json["items"]).toMatchObject([{ name: "story" }]);
  });

  test("repositories are made below one's own name, and hidden where they are private", async () => {
    expect(await statuses("POST", "/v1/repos", { repo: "alice/app", private: true })).toEqual([403, 403, 201]);
    expect((await curl("alice", "POST", "/v1/repos", { repo: "alice/app" })).status).toBe(409);
    expect((await curl("alice", "POST", "/v1/repos", { repo: "v1/app" })).status).toBe(422);
    expect(await statuses("GET", APP)).toEqual([404, 404, 200]);
    expect((await curl("bob", "GET", "/v1/repos")).json).toEqual({ items: [], next_cursor: null });
    expect((await curl("alice", "GET", "/v1/repos")).json["items"]).toMatchObject([
      { full_name: "alice/app", private: true },
    ]);
  });

  test("collaborators do as much as they may", async () => {
    const reading = { level: "read-only" };
    expect(await statuses("PUT", `${APP}/collaborators/bob`, reading)).toEqual([404, 404, 200]);
    const file = { path: "bob.txt", content: "bob\n", message: "Say bob" };
    expect(await statuses("GET", APP)).toEqual([404, 200, 200]);
    expect((await curl("bob", "PUT", `${APP}/files`, file)).status).toBe(403);
    await curl("alice", "PUT", `${APP}/collaborators/bob`, { level: "read-write" });
    expect(await curl("bob", "PUT", `${APP}/files`, file)).toMatchObject({
      status: 200,
      json: { branch_created: true },
    });
    expect((await curl("bob", "PUT", `${APP}/visibility`, { private: false })).status).toBe(403);
    expect((await curl("alice", "PUT", `${APP}/visibility`, { private: false })).status).toBe(200);
    expect(await statuses("GET", APP)).toEqual([200, 200, 200]);
  });

  test("what is committed, signed and merged over REST is what git clones and verifies", async () => {
    const branch = "topic";
    const topic = { branch, from: "main", path: "topic.txt", content: "topic\n", message: "Add a topic", sign: true };
    expect((await curl("alice", "PUT", `${APP}/files`, topic)).status).toBe(200);
    await curl("alice", "PUT", `${APP}/files`, { path: "main.txt", content: "main\n", message: "Go on" });
    const merged = await curl("alice", "POST", `${APP}/merge`, { branch: "main", rev: branch, sign: true });
    expect(merged).toMatchObject({ status: 200, json: { result: "merge", branch: "main" } });
    const clone = join(place, "clone");
    await run("git", ["clone", "--quiet", remote("nobody", "alice/app"), clone]);
    const git = (...args: string[]) => run("git", ["-C", clone, ...args]);
    expect((await git("ls-files")).split("\n")).toEqual(["bob.txt", "main.txt", "topic.txt", ""]);
    expect((await git("rev-parse", "HEAD")).trim()).toBe(String(merged.json["commit"]));
    const { json: key } = await curl("nobody", "GET", "/v1/signing-key");
    writeFileSync(join(place, "signers"), `alice@example.com ${String(key["public_key"])}\n`);
    await git("-c", `gpg.ssh.allowedSignersFile=${join(place, "signers")}`, "verify-commit", "HEAD", "HEAD^2");
    const shown = await curl("nobody", "GET", `${APP}/commits/main`);
    expect(shown.json["signature"]).toMatchObject({
      kind: "ssh",
      state: "good",
      signer: "server",
      key: key["fingerprint"],
    });
  });

  test("references are made, protected and deleted", async () => {
    expect((await curl("bob", "POST", `${APP}/refs`, { name: "refs/heads/release", rev: "main" })).status).toBe(201);
    const rule = { pattern: "refs/heads/release", no_delete: true };
    const rules = `${APP}/protections`;
    expect(await statuses("POST", rules, rule)).toEqual([403, 403, 200]);
    const name = encodeURIComponent("refs/heads/release");
    expect((await curl("bob", "DELETE", `${APP}/refs/${name}`)).json).toMatchObject({ reason: "reference_protected" });
  });

  test("a repository's configuration decides what pushes may do", async () => {
    const key = `${APP}/config/receive.denyNonFastForwards`;
    expect(await statuses("PUT", key, { value: "true" })).toEqual([403, 403, 200]);
    const clone = join(place, "clone");
    const push = () =>
      run("git", ["-C", clone, "push", "--quiet", "--force", remote("alice", "alice/app"), "HEAD~1:refs/heads/main"]);
    const refused = await push().then(String, String);
    expect(refused).toContain("non-fast-forward");
    expect((await curl("alice", "DELETE", key)).status).toBe(204);
    await push();
    expect((await curl("alice", "PUT", `${APP}/config/core.hooksPath`, { value: "/tmp" })).status).toBe(422);
  });

  test("webhooks of a repository and of the server are told, and tell of it", async () => {
    const mine = await curl("alice", "POST", `${APP}/hooks`, { url: receiver.url("/mine"), events: ["push"] });
    expect(await statuses("POST", "/v1/hooks", { url: receiver.url("/all") })).toEqual([401, 403, 403]);
    const all = await curl("admin", "POST", "/v1/hooks", { url: receiver.url("/all"), events: ["push"] });
    expect([mine.status, all.status]).toEqual([201, 201]);
    expect((await curl("admin", "POST", "/v1/hooks", { url: receiver.url("/x"), repo: "alice/app" })).status).toBe(422);
    await curl("alice", "PUT", `${APP}/files`, { path: "more.txt", content: "more\n", message: "More" });
    const told = [await receiver.next(), await receiver.next()];
    expect(new Set(told.map(({ headers }) => headers["x-holdfast-event"]))).toEqual(new Set(["push"]));
    const id = String(mine.json["id"]);
    const [first] = (await curl("alice", "GET", `${APP}/hooks/${id}/deliveries`)).json["items"] as { id: number }[];
    expect((await curl("alice", "POST", `${APP}/hooks/${id}/deliveries/${first!.id}/redeliver`)).status).toBe(200);
    expect((await receiver.next()).headers["x-holdfast-delivery"]).toBe(String(first!.id));
    const server = `/v1/hooks/${String(all.json["id"])}`;
    expect((await curl("admin", "GET", `${server}/deliveries`)).json["items"]).toHaveLength(1);
    expect((await curl("admin", "GET", `${APP}/hooks`)).json["items"]).toMatchObject([{ id: mine.json["id"] }]);
    expect((await curl("admin", "GET", `${APP}/hooks/${String(all.json["id"])}`)).status).toBe(404);
    expect([(await curl("alice", "DELETE", server)).status, (await curl("admin", "DELETE", server)).status]).toEqual([
      403, 204,
    ]);
  });

  test("a repository is renamed, looked after and removed", async () => {
    expect((await curl("alice", "POST", `${APP}/rename`, { new_repo: "bob/app" })).status).toBe(403);
    const renamed = await curl("alice", "POST", `${APP}/rename`, { new_repo: "alice/tool" });
    expect(renamed).toMatchObject({ status: 200, json: { full_name: "alice/tool", owner: "alice" } });
    expect((await curl("alice", "GET", APP)).status).toBe(404);
    const tool = "/v1/repos/alice%2Ftool";
    expect(await statuses("POST", `${tool}/gc`)).toEqual([403, 403, 200]);
    expect(await statuses("POST", `${tool}/fsck`)).toEqual([403, 403, 200]);
    expect((await curl("alice", "POST", `${tool}/fsck`)).json).toEqual({ items: [], next_cursor: null });
    expect(await statuses("DELETE", tool)).toEqual([403, 403, 204]);
    expect(await statuses("GET", tool)).toEqual([404, 404, 404]);
  });

  test("the server's own is for administrators", async () => {
    for (const path of ["/v1/settings", "/v1/backend"]) {
      expect(await statuses("GET", path)).toEqual([401, 403, 403]);
      expect((await curl("admin", "GET", path)).status).toBe(200);
    }
    expect((await curl("admin", "PUT", "/v1/users/bob/admin", { is_admin: true })).status).toBe(204);
    expect((await curl("bob", "GET", "/v1/users")).status).toBe(200);
    expect((await curl("admin", "DELETE", "/v1/users/bob")).status).toBe(204);
    expect((await curl("bob", "GET", "/v1/whoami")).status).toBe(401);
  });
});
