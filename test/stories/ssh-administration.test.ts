// Administration with OpenSSH's client: by an administrator, a user, and somebody without a key.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HookReceiver } from "../support/hook-receiver.ts";
import { COMBINATIONS, install, type Installation } from "../support/installation.ts";
import { type CommandResult, holdfast, type RunningServer } from "../support/running-server.ts";
import { must, run, SshClient } from "../support/ssh-client.ts";

const STORY_MS = 60_000;

/** What a server has written about what went wrong. */
const complaintsOf = (log: string): string[] =>
  log.split("\n").filter((line) => line !== "" && !line.includes('"level":"info"'));

describe.each([...COMBINATIONS])("administration over SSH, %s", (combination) => {
  let installation: Installation;
  let server: RunningServer;
  let client: SshClient;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start({ HOLDFAST_ALLOW_PRIVATE_TARGETS: "true" });
    client = new SshClient(server);
  }, STORY_MS);

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  });

  /** On the server; it must succeed. */
  const onServer = async (...args: string[]): Promise<string> =>
    must(await holdfast(args, { HOLDFAST_DATA: server.data }));
  /** Over SSH with a key, or with none. */
  const ssh = (key: string | undefined, ...words: string[]): Promise<CommandResult> =>
    client.ssh(words, key === undefined ? [] : [key]);
  const ask = async (key: string | undefined, ...words: string[]): Promise<string> => must(await ssh(key, ...words));
  const json = async (key: string | undefined, ...words: string[]): Promise<unknown> =>
    JSON.parse(await ask(key, ...words, "--json"));

  describe("a new server", () => {
    test("has an administrator, who gets his key in on the server and goes on over SSH", async () => {
      const line = await client.makeKey("admin");
      expect(await ask(undefined, "info")).toContain("anonymous");
      expect(await onServer("key", "add", "admin", line)).toMatch(/^added SHA256:\S+ to admin\n$/);
      expect(await json("admin", "info")).toMatchObject({ name: "admin", kind: "user", is_admin: true });
      expect(await ask("admin", "help")).toStartWith(`Usage: ssh -p ${client.port} 127.0.0.1 [options] [command]\n`);
      const bob = await client.makeKey("bob", "ecdsa");
      // As it is typed: the quotes go away on this side, and ssh joins the words with spaces.
      expect(await ask("admin", "user", "create", "bob", "--key", bob)).toBe("created bob\n");
      expect(await ask("bob", "pubkey", "list")).toBe(`${bob}\n`);
    });

    test("serves what its README tells a new user to type", async () => {
      expect(await onServer("user", "create", "alice", "--admin")).toBe("created alice\n");
      await onServer("key", "add", "alice", await client.makeKey("alice"));
      const created = await ask("alice", "repo", "create", "alice/hello", "--description", "A first repository");
      expect(created).toBe("created alice/hello\n");
      expect(await json(undefined, "repo", "info", "alice/hello")).toMatchObject({
        owner: "alice",
        description: "A first repository",
        private: false,
        path: null,
      });
      await client.succeed(["alice"], ["clone", "-q", client.url("alice/hello")]);
      const work = client.path("hello");
      writeFileSync(join(work, "README.md"), "hello\n");
      await client.succeed([], ["add", "."], work);
      await client.succeed([], ["commit", "-q", "-m", "first"], work);
      await client.succeed(["alice"], ["push", "-q", "origin", "HEAD:main"], work);

      const http = server.addresses["http"]!;
      const { token } = JSON.parse(await onServer("token", "create", "laptop", "--user", "alice", "--json")) as {
        token: string;
      };
      await client.succeed([], ["clone", "-q", `${http}/alice/hello.git`, "over-http"]);
      const copy = client.path("over-http");
      await client.succeed([], ["commit", "-q", "--allow-empty", "-m", "second"], copy);
      const withToken = http.replace("http://", `http://alice:${token}@`);
      await client.succeed([], ["push", "-q", `${withToken}/alice/hello.git`, "HEAD:main"], copy);
      expect(await ask("bob", "repo", "commit", "alice/hello", "main", "--no-patch")).toContain("    second\n");
      expect(await ask("bob", "repo", "blob", "alice/hello", "README.md")).toBe("hello\n");
    });
  });

  describe("callers", () => {
    test("see and do what they may, and are told no more", async () => {
      await ask("bob", "repo", "create", "bob/secret", "--private");
      await ask("bob", "repo", "create", "bob/open");
      expect(await ask("admin", "repo", "list")).toContain("bob/secret\n");
      expect(await ask(undefined, "repo", "list")).not.toContain("bob/secret");
      const hidden = await ssh(undefined, "repo", "tree", "bob/secret");
      const absent = await ssh(undefined, "repo", "tree", "bob/absent");
      expect({ ...hidden, stderr: hidden.stderr.replace("secret", "absent") }).toEqual(absent);
      expect(absent).toEqual({ code: 1, stdout: "", stderr: "repository not found: bob/absent.git\n" });
      expect(await ssh(undefined, "repo", "delete", "bob/open")).toMatchObject({ code: 1, stdout: "" });
      expect(await ssh(undefined, "token", "create", "x")).toEqual({
        code: 1,
        stdout: "",
        stderr: "authentication required\n",
      });
      expect((await ssh("bob", "user", "list")).stderr).toMatch(/^permission denied: [^\n]+\n$/);
      expect(await json("bob", "repo", "delete", "bob/open")).toMatchObject({ name: "bob/open" });
    });

    test("who type something wrong read one line, with exit status 2", async () => {
      expect(await ssh("bob", "repo", "creat", "x")).toEqual({
        code: 2,
        stdout: "",
        stderr: "unknown command 'creat' (Did you mean create?)\n",
      });
      const wrong = [
        ["nonsense"],
        ["repo", "info"],
        ["repo", "info", "a\\xff"],
        ["repo", "info", Buffer.from([0xff]).toString()],
      ];
      for (const words of wrong.slice(0, 2)) {
        const { code, stdout, stderr } = await ssh("bob", ...words);
        expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: "" });
        expect(stderr).toMatch(/^[^\n]+\n$/);
      }
      const unclosed = await ssh("bob", "repo info 'x");
      expect(unclosed).toMatchObject({ code: 1, stdout: "" });
      const long = await ssh("bob", "repo", "info", "x".repeat(20_000));
      expect(long).toMatchObject({ code: 1, stdout: "" });
      expect(long.stderr.length).toBeLessThan(1000);
    });

    test("who ask for a terminal read lines that end as on one", async () => {
      const shown = await client.ssh(["repo", "list"], ["bob"], ["-tt"]);
      expect(shown.stdout).toMatch(/^(\S+\r\n)+$/);
      expect((await client.ssh(["nonsense"], ["bob"], ["-tt"])).stderr).toEndWith("\r\n");
    });

    test("get their answer although it ends what they called with", async () => {
      await ask("admin", "user", "create", "carl", "--key", await client.makeKey("carl"));
      expect(await ask("carl", "set-username", "carlo")).toBe("you are carlo now\n");
      expect(await json("carl", "info")).toMatchObject({ name: "carlo" });
      const line = readFileSync(client.path("carl.pub"), "utf8").trim();
      expect(await ask("carl", "pubkey", "remove", line)).toMatch(/^removed SHA256:\S+ from carlo\n$/);
      expect(await json("carl", "info")).toMatchObject({ kind: "anonymous" });
    });
  });

  describe("webhooks", () => {
    const receiver = HookReceiver.open();
    afterAll(() => receiver.close());

    test("are made, looked at and delivered again over SSH", async () => {
      await ask("bob", "repo", "create", "bob/hooked");
      const create = [
        "repo",
        "webhook",
        "create",
        "bob/hooked",
        receiver.url("/hook"),
        "--event",
        "push",
        "--secret",
        "s3cret",
      ];
      const { id } = (await json("bob", ...create)) as { id: number };
      const source = await client.makeRepository("hooked", 1);
      await client.succeed(["bob"], ["push", "-q", client.url("bob/hooked"), "main"], source);
      const first = await receiver.next();
      expect(first.headers["x-holdfast-event"]).toBe("push");
      const hook = ["repo", "webhook", "deliveries"];
      const [delivery] = (await json("bob", ...hook, "list", "bob/hooked", `${id}`)) as [{ id: number; event: string }];
      expect(delivery.event).toBe("push");
      expect(await ask("bob", ...hook, "show", "bob/hooked", `${id}`, `${delivery.id}`)).toContain("push");
      await ask("bob", ...hook, "redeliver", "bob/hooked", `${id}`, `${delivery.id}`);
      expect((await receiver.next()).body).toBe(first.body);
      expect(await ssh("alice", "repo", "webhook", "list", "bob/hooked")).toMatchObject({ code: 0 });
      expect(await ssh(undefined, "repo", "webhook", "list", "bob/hooked")).toMatchObject({ code: 1, stdout: "" });
    });
  });

  describe("large answers", () => {
    const BYTES = 24 * 1024 * 1024;

    test(
      "come whole, and end when the client has had enough",
      async () => {
        const source = client.path("large");
        await client.succeed([], ["init", "-q", "-b", "main", source]);
        const content = Buffer.from(Array.from({ length: 4096 }, (_, at) => at % 251)).toString("latin1");
        writeFileSync(join(source, "large"), Buffer.from(content.repeat(BYTES / 4096), "latin1"));
        await client.succeed([], ["add", "."], source);
        await client.succeed([], ["commit", "-q", "-m", "large"], source);
        const refs = Array.from({ length: 3000 }, (_, n) => `create refs/heads/topic-${n} HEAD\n`).join("");
        writeFileSync(client.path("refs"), refs);
        await must(await run(["sh", "-c", 'git update-ref --stdin < "$0"', client.path("refs")], { cwd: source }));
        await client.succeed(["bob"], ["push", "-q", client.url("bob/large"), "--all"], source);

        const command = [
          ...client.sshArguments(["bob"]),
          "-p",
          client.port,
          "127.0.0.1",
          "repo",
          "blob",
          "bob/large",
          "large",
        ];
        const blob = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
        const received = Buffer.from(await new Response(blob.stdout).arrayBuffer());
        expect(await blob.exited).toBe(0);
        expect(received.equals(readFileSync(join(source, "large")))).toBe(true);
        const branches = (await json("bob", "repo", "branch", "list", "bob/large")) as unknown[];
        expect(branches).toHaveLength(3001);

        const left = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
        const reader = left.stdout.getReader();
        await reader.read();
        left.kill("SIGKILL");
        await left.exited;
        // The server goes on, and is not asked to wait for somebody who has gone.
        expect(await ask("bob", "info")).toContain("bob");
        expect({ code: await server.stop(), log: complaintsOf(server.log()) }).toEqual({ code: 0, log: [] });
      },
      STORY_MS,
    );
  });
});
