// One Holdfast clones from another, pulls from it and pushes to it: over http with a token, over ssh with a key.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ControlClient } from "../../src/transports/control/client.ts";
import { EACH_ONCE, install, type Installation } from "../support/installation.ts";
import { holdfast, type RunningServer, startServer } from "../support/running-server.ts";
import { run, SshClient } from "../support/ssh-client.ts";

const STORY_MS = 90_000;

interface Mirror {
  readonly running: boolean;
  readonly failures: number;
  readonly lastRunAt?: string;
  readonly problem?: string;
  readonly nextRunAt?: string;
  readonly knownHosts?: string;
}

describe.each([...EACH_ONCE])("mirrors, %s", (combination) => {
  let remote: RunningServer;
  let installation: Installation;
  let server: RunningServer;
  let client: SshClient;
  let source: string;
  let token: string;
  const logs: string[] = [];

  const start = () => installation.start({ HOLDFAST_ALLOW_PRIVATE_TARGETS: "true" });
  const call = <T>(operation: string, input: object) => new ControlClient(server.data).call<T>(operation, input);
  const at = (name: string) => ({ storage: "default", relativePath: `${name}.git` });
  const refsOf = async (on: RunningServer, name: string) =>
    (await run(["git", "for-each-ref", "refs/heads", "refs/tags"], { cwd: join(on.storage, `${name}.git`) })).stdout;
  const httpUrl = (name: string) => `${remote.addresses["http"]!}/${name}.git`;

  beforeAll(async () => {
    remote = await startServer();
    installation = await install(combination);
    server = await start();
    client = new SshClient(remote);
    await client.makeUser("alice");
    source = await client.makeRepository("source");
    await client.succeed(["alice"], ["push", "-q", client.url("alice/project"), "main", "v1"], source);
    const control = new ControlClient(remote.data);
    await control.call("setVisibility", { repository: at("alice/project"), private: true });
    ({ token } = await control.call<{ token: string }>("createToken", { user: "alice", name: "mirror" }));
  }, STORY_MS);

  afterAll(async () => {
    await Promise.all([remote, server].map((one) => one[Symbol.asyncDispose]()));
    await installation[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  });

  /** Waits until a mirror is as wanted; it works by itself and tells nobody. */
  async function until(name: string, mirror: string, wanted: (mirror: Mirror) => boolean): Promise<Mirror> {
    for (const deadlineMs = Date.now() + STORY_MS; ; await Bun.sleep(20)) {
      const found = await call<Mirror>("showMirror", { repository: at(name), name: mirror });
      if (!found.running && wanted(found)) return found;
      if (Date.now() > deadlineMs) throw new Error(`the mirror is ${JSON.stringify(found)}`);
    }
  }

  async function commit(message: string): Promise<void> {
    await client.succeed([], ["commit", "-q", "--allow-empty", "-m", message], source);
    await client.succeed(["alice"], ["push", "-q", client.url("alice/project"), "main"], source);
  }

  test(
    "clones over http with a token, through REST",
    async () => {
      const admin = readFileSync(join(server.data, "admin-token"), "utf8").trim();
      const headers = { authorization: `Bearer ${admin}`, "content-type": "application/json" };
      const address = `${server.addresses["http"]!}/v1/repos/team%2Fcopy/clone`;
      const body = { url: httpUrl("alice/project"), credential: { username: "alice", password: token } };
      const begun = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
      expect(begun.status).toBe(202);
      for (let state = "running"; state !== "done";) {
        const job = (await (await fetch(address, { headers })).json()) as { state: string };
        ({ state } = job);
        if (state === "failed") throw new Error(JSON.stringify(job));
      }
      expect(await refsOf(server, "team/copy")).toBe(await refsOf(remote, "alice/project"));
    },
    STORY_MS,
  );

  test(
    "pulls over ssh with a key, and knows the server again",
    async () => {
      const sshKey = readFileSync(client.path("alice"), "utf8");
      const url = client.url("alice/project");
      const mirror = { repository: at("team/copy"), name: "origin", direction: "pull", interval: 3600, url };
      await call("setMirror", { ...mirror, credential: { sshKey } });
      const ran = await until("team/copy", "origin", ({ lastRunAt }) => lastRunAt !== undefined);
      expect(ran.problem).toBeUndefined();
      expect(ran.knownHosts).toContain("ssh-");
      // Another server at the same address is not told anything.
      const stranger = ran.knownHosts!.replace(/AAAA\S+/g, (await client.makeKey("stranger")).split(" ")[1]!);
      await call("setMirror", { ...mirror, knownHosts: stranger });
      const refused = await until("team/copy", "origin", ({ failures }) => failures === 1);
      expect(refused.problem).toContain("its host key is not the known one");
      await call("setMirror", { ...mirror, knownHosts: ran.knownHosts });
      await commit("over ssh");
      await call("runMirror", { repository: at("team/copy"), name: "origin" });
      const before = (await until("team/copy", "origin", ({ lastRunAt }) => lastRunAt !== undefined)).lastRunAt;
      if ((await refsOf(server, "team/copy")) !== (await refsOf(remote, "alice/project"))) {
        await until("team/copy", "origin", ({ lastRunAt }) => lastRunAt !== before);
      }
      expect(await refsOf(server, "team/copy")).toBe(await refsOf(remote, "alice/project"));
    },
    STORY_MS,
  );

  test(
    "pushes what changes, also what changed just before the server was killed",
    async () => {
      const url = httpUrl("alice/backup");
      const credential = { username: "alice", password: token };
      const repository = at("team/copy");
      await call("setMirror", { repository, name: "backup", direction: "push", url, credential });
      const done = ({ lastRunAt, nextRunAt }: Mirror) => lastRunAt !== undefined && nextRunAt === undefined;
      const first = await until("team/copy", "backup", done);
      expect(first.problem).toBeUndefined();
      expect(await refsOf(remote, "alice/backup")).toBe(await refsOf(server, "team/copy"));
      await call("createBranch", { repository, branch: "late", startPoint: "main" });
      logs.push(server.log());
      await server.kill();
      server = await start();
      await until("team/copy", "backup", (mirror) => done(mirror) && mirror.lastRunAt !== first.lastRunAt);
      expect(await refsOf(remote, "alice/backup")).toBe(await refsOf(server, "team/copy"));
      expect(await refsOf(remote, "alice/backup")).toContain("refs/heads/late");
    },
    STORY_MS,
  );

  test(
    "is imported on the command line, the token on standard input",
    async () => {
      const env = { ...installation.env, HOLDFAST_DATA: installation.data };
      const wrong = await holdfast(["repo", "import", httpUrl("alice/project"), "team/none", "--password-stdin"], env);
      expect(wrong.code).not.toBe(0);
      expect(existsSync(join(server.storage, "team/none.git"))).toBe(false);
      const keys = ["--ssh-key", client.path("alice")];
      const done = await holdfast(["repo", "import", client.url("alice/project"), "team/typed", ...keys], env);
      expect(done).toMatchObject({ code: 0, stdout: "imported team/typed\n" });
      expect(done.stderr).toContain("objects");
      expect(await refsOf(server, "team/typed")).toBe(await refsOf(remote, "alice/project"));
    },
    STORY_MS,
  );

  test("the token and the key are nowhere", async () => {
    const line = readFileSync(client.path("alice"), "utf8").split("\n")[3]!;
    const basic = Buffer.from(`alice:${token}`).toString("base64");
    for (const secret of [token, basic, line]) {
      expect([...logs, server.log()].filter((log) => log.includes(secret))).toEqual([]);
      expect(filesWith(server.data, secret)).toEqual([]);
    }
    expect(readdirSync(join(server.data, "remotes"))).toEqual([]);
  });
});

/** Files that have this text anywhere. */
function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}
