// A whole server with users, keys and tokens on either database, with git's own client.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { git, gitOutput } from "../support/git-client.ts";
import { holdfast, type RunningServer, startServer } from "../support/running-server.ts";
import { makeSshKey } from "../support/ssh-keys.ts";
import { DATABASES, makeTestDatabase, type TestDatabase } from "../support/test-databases.ts";
import { failureOf } from "../support/failure-of.ts";

let place: string;
let database: TestDatabase;
let server: RunningServer;

for (const kind of DATABASES) {
  describe(`a server on ${kind}`, () => {
    beforeEach(async () => {
      place = mkdtempSync(join(tmpdir(), "holdfast-accounts-"));
      database = await makeTestDatabase(kind);
      server = await start();
    });
    afterEach(async () => {
      await server[Symbol.asyncDispose]();
      await database.remove();
      rmSync(place, { recursive: true, force: true });
    });

    const env = (): Record<string, string> =>
      database.url === undefined ? {} : { HOLDFAST_DATABASE_URL: database.url };
    const start = () => startServer({ data: join(place, "data"), env: env() });

    async function run(...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await holdfast(args, { HOLDFAST_DATA: join(place, "data"), ...env() });
      expect([args, code, stderr]).toEqual([args, 0, ""]);
      return stdout;
    }
    const tokenOf = async (user: string, ...more: string[]) =>
      (JSON.parse(await run("token", "create", "story", "--user", user, ...more, "--json")) as { token: string }).token;
    const address = (name: string, token?: string) =>
      `${server.addresses["http"]!.replace("://", token === undefined ? "://" : `://x:${token}@`)}/git/${name}`;
    const lsRemote = (name: string, token?: string) => git(place, ["ls-remote", address(name, token)]);

    async function commit(): Promise<string> {
      const work = join(place, "work");
      await gitOutput(place, ["init", "-q", "-b", "main", work]);
      writeFileSync(join(work, "a"), "text\n");
      await gitOutput(work, ["add", "a"]);
      await gitOutput(work, ["commit", "-q", "-m", "first"]);
      return work;
    }

    test("users, keys and tokens decide who clones and pushes, also after kill -9", async () => {
      await run("user", "create", "alice");
      await run("user", "create", "bob");
      await run("key", "add", "alice", makeSshKey("ed25519").line);
      await run("repo", "create", "alice/secret", "--private", "--description", "for few");
      const [alice, bob] = [await tokenOf("alice"), await tokenOf("bob")];
      const work = await commit();
      await gitOutput(work, ["push", "-q", address("alice/secret", alice), "main"]);
      await gitOutput(work, ["push", "-q", address("alice/pushed", alice), "main"]);
      await server.kill();
      server = await start();
      expect((await lsRemote("alice/secret", alice)).stdout).toContain("refs/heads/main");
      expect((await lsRemote("alice/secret", bob)).stderr).toContain("not found");
      expect((await lsRemote("alice/secret")).code).not.toBe(0);
      expect((await lsRemote("alice/secret", "hft_wrong")).code).not.toBe(0);
      expect((await lsRemote("alice/pushed")).stdout).toContain("refs/heads/main");
      const refused = await git(work, ["push", address("alice/pushed", bob), "main:other"]);
      expect([refused.code, refused.stderr]).toEqual([128, expect.stringContaining("403")]);
      const stolen = await git(work, ["push", address("alice/bobs", bob), "main"]);
      expect(stolen.code).not.toBe(0);
      expect(existsSync(join(server.storage, "alice/bobs.git"))).toBe(false);
      expect(JSON.parse(await run("key", "list", "alice", "--json"))).toHaveLength(1);
      const shown = JSON.parse(await run("repo", "show", "alice/pushed", "--json")) as object;
      expect(shown).toMatchObject({ owner: "alice", private: false });
      expect(server.log()).not.toContain(alice);
    });

    test("a protected branch and a narrow token hold for a push", async () => {
      await run("user", "create", "alice");
      const token = await tokenOf("alice");
      const work = await commit();
      await gitOutput(work, ["push", "-q", address("alice/it", token), "main"]);
      await run("repo", "protect", "alice/it", "refs/heads/main", "--no-force", "--no-delete");
      await gitOutput(work, ["commit", "-q", "--amend", "-m", "other"]);
      const forced = await git(work, ["push", "-f", address("alice/it", token), "main", "main:free"]);
      expect(forced.stderr).toContain("[remote rejected] main -> main (protected reference)");
      expect(forced.stderr).toContain("main -> free");
      const narrow = await tokenOf("alice", "--ref", "refs/heads/topic/*");
      const pushed = await git(work, ["push", address("alice/it", narrow), "main:topic/a/b", "main:other"]);
      expect(pushed.stderr).toContain("main -> topic/a/b");
      expect(pushed.stderr).toContain("[remote rejected] main -> other (protected reference)");
      const readOnly = await tokenOf("alice", "--read-only");
      expect((await git(work, ["push", address("alice/it", readOnly), "main:x"])).stderr).toContain("403");
      const elsewhere = await tokenOf("alice", "--repo", "alice/other");
      await run("repo", "private", "alice/it", "true");
      expect((await lsRemote("alice/it", elsewhere)).stderr).toContain("not found");
    });

    test("the administrator's token is made once and kept to the server's account", async () => {
      const file = join(place, "data", "admin-token");
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const token = readFileSync(file, "utf8").trim();
      await run("repo", "create", "team/it", "--private");
      expect((await lsRemote("team/it", token)).code).toBe(0);
      await server.kill();
      server = await start();
      expect(readFileSync(file, "utf8").trim()).toBe(token);
      const health = (await (await fetch(`${server.addresses["http"]}/health`)).json()) as { checks: object };
      expect(health.checks).toMatchObject({ database: { status: "up" } });
    });
  });
}

describe("a server whose database", () => {
  test("cannot be reached says so and does not start", async () => {
    const env = { HOLDFAST_DATABASE_URL: "postgres://holdfast:secret@127.0.0.1:1/holdfast" };
    const error = (await failureOf(startServer({ env }))) as Error;
    expect(error.message).toContain("the database postgres://holdfast:…@127.0.0.1:1/holdfast cannot be used");
    expect(error.message).not.toContain("secret");
  });

  test("goes away is not ready, and says what is wrong", async () => {
    const database = await makeTestDatabase("postgres");
    await using server = await startServer({ env: { HOLDFAST_DATABASE_URL: database.url ?? "" } });
    const http = server.addresses["http"]!;
    expect((await fetch(`${http}/health/ready`)).status).toBe(200);
    await database.remove();
    expect((await fetch(`${http}/health/ready`)).status).toBe(503);
    const health = (await (await fetch(`${http}/health`)).json()) as { checks: object };
    expect(health.checks).toMatchObject({ database: { status: "down" }, storages: { status: "up" } });
    const asked = await fetch(`${http}/git/never/asked/info/refs?service=git-upload-pack`);
    expect(asked.status).toBe(503);
    expect((await fetch(`${http}/health/live`)).status).toBe(200);
  });
});
