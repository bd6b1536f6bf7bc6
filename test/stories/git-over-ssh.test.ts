// Real git and OpenSSH against a running server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ControlClient } from "../../src/transports/control/client.ts";
import { COMBINATIONS, EACH_ONCE, install, type Installation } from "../support/installation.ts";
import { type RunningServer, startServer } from "../support/running-server.ts";
import { must, run, SshClient } from "../support/ssh-client.ts";

const STORY_MS = 60_000;

interface LoggedEvent {
  readonly event: string;
  readonly data: { readonly repo: string; readonly actor: string; readonly door: string };
}

/** Reads until something has been said. */
async function untilSaid(stream: ReadableStream<Uint8Array>, words: string): Promise<void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(words)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the program ended without saying "${words}":\n${text}`);
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
}

describe.each([...COMBINATIONS])("git over SSH, %s", (combination) => {
  let installation: Installation;
  let server: RunningServer;
  let client: SshClient;
  let source: string;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start();
    client = new SshClient(server);
    await Promise.all([client.makeUser("alice"), client.makeUser("bob", "ecdsa"), client.makeUser("carol", "rsa")]);
    source = await client.makeRepository("source");
    await client.succeed(["alice"], ["push", "-q", client.url("alice/project"), "main", "v1"], source);
  }, STORY_MS);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  });

  const tipOf = async (path: string) => (await client.succeed([], ["rev-parse", "HEAD"], path)).trim();

  for (const version of ["0", "1", "2"]) {
    test(`clones, fetches and pushes in version ${version}`, async () => {
      const copy = client.path(`copy-${version}`);
      const git = (args: string[], cwd?: string) =>
        client.succeed(["alice"], ["-c", `protocol.version=${version}`, ...args], cwd);
      await git(["clone", "-q", client.url("alice/project.git"), copy]);
      expect(await tipOf(copy)).toBe(await tipOf(source));
      await git(["commit", "-q", "--allow-empty", "-m", `by version ${version}`], copy);
      await git(["push", "-q", "origin", `HEAD:refs/heads/version-${version}`], copy);
      await git(["fetch", "-q", "origin", `version-${version}`], copy);
      expect(await git(["ls-remote", "origin", `version-${version}`], copy)).toStartWith(await tipOf(copy));
      await git(["fsck", "--strict"], copy);
      const shallow = client.path(`shallow-${version}`);
      await git(["clone", "-q", "--depth", "1", client.url("alice/project"), shallow]);
      expect((await git(["rev-list", "--count", "HEAD"], shallow)).trim()).toBe("1");
      await git(["fetch", "-q", "--unshallow"], shallow);
      expect((await git(["rev-list", "--count", "origin/main"], shallow)).trim()).toBe("3");
    });
  }

  test("keys of all kinds tell who pushes", async () => {
    for (const user of ["alice", "bob", "carol"]) {
      await client.succeed([user], ["push", "-q", client.url(`${user}/mine`), "main"], source);
      const created = [];
      for await (const event of new ControlClient(server.data).list<LoggedEvent>("listEvents", {}))
        if (event.event === "repository_created" && event.data.repo === `${user}/mine`) created.push(event.data);
      expect(created).toEqual([{ repo: `${user}/mine`, actor: user, door: "ssh" }]);
    }
  });

  test("gives archives", async () => {
    const archive = client.path("project.tar");
    await client.succeed(["bob"], ["archive", `--remote=${client.url("alice/project")}`, "-o", archive, "main"]);
    expect(must(await run(["tar", "tf", archive]))).toBe("file.txt\n");
  });

  test("whoever may not read is told what is told of nothing", async () => {
    const control = new ControlClient(server.data);
    await client.succeed(["alice"], ["push", "-q", client.url("alice/secret"), "main"], source);
    await control.call("setVisibility", {
      repository: { storage: "default", relativePath: "alice/secret.git" },
      private: true,
    });
    expect((await client.git(["alice"], ["ls-remote", client.url("alice/secret")])).code).toBe(0);
    for (const keys of [["bob"], []]) {
      // Whoever has an account may make repositories: to him it is told what he cannot make.
      const push = keys.length === 0 ? ["git-receive-pack"] : [];
      for (const command of ["git-upload-pack", "git-upload-archive", ...push]) {
        const secret = await client.ssh([`${command} '/alice/secret'`], keys);
        const absent = await client.ssh([`${command} '/alice/absent'`], keys);
        const told = (path: string) => ({ code: 128, stdout: "", stderr: `fatal: repository '${path}' not found\n` });
        expect({ keys, command, ...secret }).toEqual({ keys, command, ...told("/alice/secret") });
        expect({ keys, command, ...absent }).toEqual({ keys, command, ...told("/alice/absent") });
      }
    }
  });

  test("reading is not pushing", async () => {
    const refused = await client.git(["bob"], ["push", client.url("alice/project"), "main:stolen"], source);
    expect(refused.code).toBe(128);
    expect(refused.stderr).toContain("you may not push to '/alice/project'");
    expect((await client.git([], ["push", client.url("alice/project"), "main:stolen"], source)).code).toBe(128);
    expect(await client.succeed(["bob"], ["ls-remote", client.url("alice/project"), "stolen"])).toBe("");
  });

  test("a name that no repository may have is not made by a push", async () => {
    for (const name of ["api/x", "alice/.hidden", "alice/x.lock", "alice/a%20b", "../escape", "alice/../../escape"]) {
      const { code, stderr } = await client.git(["alice"], ["push", client.url(name), "main"], source);
      expect(code).toBe(128);
      expect(stderr).toContain("cannot be pushed to");
    }
  });

  test("quotes are what a shell makes of them, and nothing else is", async () => {
    const ask = async (words: string) => (await client.ssh([words], ["alice"])).stderr;
    expect(await ask("git-upload-pack '/alice/it'\\''s'")).toBe("fatal: repository '/alice/it's' not found\n");
    expect(await ask("git-upload-pack '/alice/wow'\\!''")).toBe("fatal: repository '/alice/wow!' not found\n");
    expect(await ask('git-upload-pack "/alice/two words"')).toBe("fatal: repository '/alice/two words' not found\n");
    expect(await ask("git-upload-pack '~alice/x'")).toBe("fatal: repository '~alice/x' not found\n");
    expect(await ask("git-upload-pack '/alice/$(id)'")).toBe("fatal: repository '/alice/$(id)' not found\n");
    expect(await ask("git-upload-pack '/../../etc'")).toBe("fatal: repository '/../../etc' not found\n");
    expect(await ask("git-upload-pack '/alice/open")).toBe("invalid input: command: is not a command line\n");
    expect(await ask("git-upload-pack /alice/project; id")).toBe("fatal: git-upload-pack takes one repository\n");
    expect(await ask("git-upload-pack")).toBe("fatal: git-upload-pack takes one repository\n");
    expect(await ask("git-upload-pack --strict '/alice/project'")).toContain("takes one repository");
  });

  test("the other spelling of a command does the same", async () => {
    const dashed = await client.ssh(["git-upload-archive '/alice/absent'"], ["alice"]);
    expect(await client.ssh(["git upload-archive 'alice/absent.git'"], ["alice"])).toEqual({
      ...dashed,
      stderr: "fatal: repository 'alice/absent.git' not found\n",
    });
  });

  test("what is no command fails, and no shell is given", async () => {
    const unknown = await client.ssh(["rm", "-rf", "/"], ["alice"]);
    expect(unknown.code).toBeGreaterThan(0);
    expect(unknown.stderr).toContain("unknown command");
    const shell = await client.ssh([], ["alice"]);
    expect([shell.code, shell.stdout]).toEqual([0, expect.stringContaining("Hi alice!")]);
    const terminal = await client.ssh([], ["alice"], ["-tt"]);
    expect([terminal.code, terminal.stdout]).toEqual([0, expect.stringContaining("gives no shell")]);
  });

  test("forwarding, subsystems and the agent are refused", async () => {
    const sftp = await client.ssh(["sftp"], ["alice"], ["-s"]);
    expect(sftp.code).not.toBe(0);
    const remote = await client.ssh([], ["alice"], ["-R", "0:127.0.0.1:1", "-o", "ExitOnForwardFailure=yes"]);
    expect(remote.code).toBe(255);
    const through = await client.ssh([], ["alice"], ["-W", `127.0.0.1:${client.port}`]);
    expect(through.code).toBe(255);
    expect(through.stderr).toContain("forwarding failed");
  });

  test("one connection carries many sessions", async () => {
    const control = client.path("control");
    const master = ["-o", `ControlPath=${control}`];
    const open = [...client.sshArguments(["alice"], [...master, "-fNM"]), "-p", client.port, "127.0.0.1"];
    // The master stays behind with our pipes, were it given any.
    const started = Bun.spawn(open, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    expect(await started.exited).toBe(0);
    const env = client.environment(["alice"], master);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => run(["git", "ls-remote", client.url("alice/project"), "main"], { env })),
    );
    const tip = await tipOf(source);
    for (const { code, stdout } of answers) expect([code, stdout]).toEqual([0, `${tip}\trefs/heads/main\n`]);
    expect((await client.ssh([], ["alice"], [...master, "-O", "exit"])).code).toBe(0);
  });

  test(
    "30 clones at once",
    async () => {
      mkdirSync(client.path("many"));
      const clones = Array.from({ length: 30 }, (_, n) => client.path("many", String(n)));
      await Promise.all(
        clones.map((path) => client.succeed(["bob"], ["clone", "-q", "--bare", client.url("alice/project"), path])),
      );
      const tip = await tipOf(source);
      for (const path of clones) expect((await client.succeed([], ["rev-parse", "main"], path)).trim()).toBe(tip);
    },
    STORY_MS,
  );

  test("the log names the caller and the door", () => {
    const lines = server.log().split("\n").filter(Boolean);
    const push = lines.map((line) => JSON.parse(line)).find(({ operation }) => operation === "receivePack");
    expect(push).toMatchObject({ door: "ssh", caller: "alice", code: "ok" });
    expect(lines.filter((line) => line.includes('"bug'))).toEqual([]);
  });
});

describe.each([...EACH_ONCE])("SSH keys, %s", (combination) => {
  let installation: Installation;
  let server: RunningServer;
  let client: SshClient;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start();
    client = new SshClient(server);
    await client.makeUser("alice");
    await Promise.all([client.makeKey("unknown-1"), client.makeKey("unknown-2", "rsa")]);
  }, STORY_MS);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  });

  const greeted = async (keys: string[], more: string[] = []) => {
    const { code, stdout, stderr } = await client.ssh([], keys, more);
    return code === 0 ? /^Hi (\w+)!/.exec(stdout)?.[1] : `${code} ${stderr}`;
  };

  test("an unknown key, or none, is anonymous, also where no question may be asked", async () => {
    const batch = ["-o", "BatchMode=yes"];
    expect(await greeted([])).toBe("anonymous");
    expect(await greeted(["unknown-1"])).toBe("anonymous");
    expect(await greeted(["unknown-1"], batch)).toBe("anonymous");
    expect(await greeted(["unknown-1", "unknown-2"], batch)).toBe("anonymous");
    expect(await greeted([], [...batch, "-l", "anonymous"])).toBe("anonymous");
  });

  test("nobody is anonymous because the wrong key came first", async () => {
    expect(await greeted(["unknown-1", "unknown-2", "alice"])).toBe("alice");
    expect(await greeted(["alice", "unknown-1"], ["-o", "BatchMode=yes"])).toBe("alice");
  });

  test("a removed key ends what is open in its name", async () => {
    const control = new ControlClient(server.data);
    await client.makeUser("mallory");
    const keys: { id: number }[] = [];
    for await (const key of control.list<{ id: number }>("listKeys", { user: "mallory" })) keys.push(key);
    const arguments_ = [...client.sshArguments(["mallory"], ["-N", "-v", "-o", "LogLevel=DEBUG1"]), "-p", client.port];
    const open = Bun.spawn([...arguments_, "127.0.0.1"], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    await untilSaid(open.stderr, "Authenticated to");
    await control.call("removeKey", { user: "mallory", key: String(keys[0]!.id) });
    expect(await open.exited).toBe(255);
    expect(await greeted(["mallory"])).toBe("anonymous");
  });

  test("host keys stay over a restart, and belong to the server alone", async () => {
    const scan = async (from: SshClient) =>
      must(await run(["ssh-keyscan", "-p", from.port, "127.0.0.1"]))
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => line.split(" ").slice(1).join(" "))
        .sort();
    await using first = await startServer();
    using one = new SshClient(first);
    const keys = await scan(one);
    expect(keys.map((key) => key.split(" ")[0])).toEqual(["ecdsa-sha2-nistp256", "ssh-ed25519"]);
    await first.stop();
    await using again = await startServer({ data: first.data });
    using two = new SshClient(again);
    expect(await scan(two)).toEqual(keys);
    const modes = must(await run(["stat", "-c", "%a %n", "."], { cwd: join(first.data, "ssh") }));
    expect(modes).toStartWith("700 ");
    for (const kind of ["ed25519", "ecdsa"])
      expect(must(await run(["stat", "-c", "%a", join(first.data, "ssh", `${kind}_key`)]))).toBe("600\n");
  });

  test("without keyless callers a key must be registered", async () => {
    await using closed = await startServer({ env: { HOLDFAST_ALLOW_KEYLESS: "false" } });
    using person = new SshClient(closed);
    await person.makeUser("alice");
    await person.makeKey("unknown");
    expect((await person.ssh([], ["alice"])).stdout).toContain("Hi alice!");
    for (const keys of [[], ["unknown"]]) {
      const { code, stderr } = await person.ssh([], keys);
      expect([code, stderr]).toEqual([255, expect.stringContaining("Permission denied (publickey)")]);
    }
  });
});
