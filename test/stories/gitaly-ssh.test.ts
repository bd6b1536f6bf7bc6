// A program in front of the Gitaly protocol that passes on what git's clients say, both sides open, as over SSH.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SSHService } from "../../src/transports/api/gitaly/generated/ssh_pb.ts";
import { type GitListener, listenForGit } from "../support/git-listener.ts";
import { COMBINATIONS, install, type Installation } from "../support/installation.ts";
import type { RunningServer } from "../support/running-server.ts";
import { must, run, SshClient } from "../support/ssh-client.ts";
import { StoryClient, type StoryRepository } from "../support/story-client.ts";
import { TestClient } from "../transports/grpc/grpc-client.ts";

const METHODS = SSHService.method;
const IDS = { glId: "user-7", glUsername: "jane", glRepository: "project-1" };
const ABSENT = { storageName: "default", relativePath: "absent.git" };

describe.each([...COMBINATIONS])("git over gRPC, both sides open, %s", (combination) => {
  let installation: Installation;
  let server: RunningServer;
  let client: TestClient;
  let computer: SshClient;
  let repository: StoryRepository;
  let listeners: GitListener[];
  /** Exit statuses in the order in which calls have ended. */
  const statuses: (number | undefined)[] = [];

  interface Call extends AsyncIterable<{
    readonly stdout: Uint8Array;
    readonly exitStatus?: { readonly value: number };
  }> {
    write(message: object): boolean;
    end(): void;
    cancel(): void;
  }

  /** One call as what git's client takes for a server. */
  async function* passOn(call: Call, first: object, parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    call.write({ repository, ...first });
    const sent = (async () => {
      for await (const stdin of parts) call.write({ stdin });
      call.end();
    })();
    sent.catch(() => call.cancel());
    let status: number | undefined;
    for await (const answer of call) {
      expect(status).toBeUndefined();
      if (answer.stdout.length > 0) yield answer.stdout;
      status = answer.exitStatus?.value;
    }
    statuses.push(status);
  }

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start();
    computer = new SshClient(server);
    const port = Number(server.addresses["grpc"]!.split(":").at(-1));
    client = new TestClient(port);
    const story = new StoryClient(port);
    repository = await story.createRepository("group/one");
    story.close();
    const protocolOf = (protocol?: string) => (protocol === undefined ? {} : { gitProtocol: protocol });
    listeners = await Promise.all([
      listenForGit((protocol, parts) =>
        passOn(client.duplex(METHODS.sSHReceivePack), { ...IDS, ...protocolOf(protocol) }, parts),
      ),
      listenForGit((protocol, parts) => passOn(client.duplex(METHODS.sSHUploadPack), protocolOf(protocol), parts)),
      listenForGit((_protocol, parts) => passOn(client.duplex(METHODS.sSHUploadArchive), {}, parts)),
    ]);
  });

  afterAll(async () => {
    await Promise.all(listeners.map((listener) => listener.close()));
    client.close();
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    computer[Symbol.dispose]();
  });

  /** The status of a call that is refused. */
  async function refusal(call: Call, first: object): Promise<{ code: number; details: string }> {
    call.write(first);
    call.end();
    try {
      for await (const _ of call);
    } catch (error) {
      return error as { code: number; details: string };
    }
    throw new Error("the call was not refused");
  }

  describe("gitaly.SSHService", () => {
    test("SSHReceivePack takes a push, and hooks hear of it as of one over SSH", async () => {
      const heard = computer.path("heard");
      const hooks = join(server.storage, "group", "one.git", "hooks");
      mkdirSync(hooks, { recursive: true });
      writeFileSync(
        join(hooks, "pre-receive"),
        `#!/bin/sh\necho $GL_PROTOCOL $GL_ID $GL_USERNAME $GL_REPOSITORY > ${heard}\n`,
      );
      chmodSync(join(hooks, "pre-receive"), 0o755);
      const source = await computer.makeRepository("source");
      must(await computer.git([], ["push", "-q", listeners[0]!.url, "main", "v1"], source));
      expect(readFileSync(heard, "utf8")).toBe("ssh user-7 jane project-1\n");
      await listeners[0]!.idle();
      expect(statuses.splice(0)).toEqual([0]);
    });

    test.each(["0", "1", "2"])("SSHUploadPack serves a clone in version %s", async (version) => {
      const copy = computer.path(`copy-${version}`);
      must(await computer.git([], ["-c", `protocol.version=${version}`, "clone", "-q", listeners[1]!.url, copy]));
      expect(await computer.succeed([], ["rev-parse", "HEAD"], copy)).toBe(
        await computer.succeed([], ["rev-parse", "main"], computer.path("source")),
      );
      await listeners[1]!.idle();
      expect(statuses.splice(0)).toEqual([0]);
    });

    test("SSHUploadArchive serves an archive", async () => {
      const archive = computer.path("one.tar");
      must(await computer.git([], ["archive", `--remote=${listeners[2]!.url}`, "-o", archive, "main"]));
      expect(must(await run(["tar", "tf", archive]))).toBe("file.txt\n");
      await listeners[2]!.idle();
      expect(statuses.splice(0)).toEqual([0]);
    });

    test("the first message names a repository, and carries nothing else that a client says", async () => {
      const stdin = Buffer.from("0000");
      const rpcs = [METHODS.sSHUploadPack, METHODS.sSHReceivePack, METHODS.sSHUploadArchive];
      for (const rpc of rpcs) {
        const { code, details } = await refusal(client.duplex(rpc), { repository, ...IDS, stdin });
        expect([code, details]).toEqual([3, expect.stringMatching(/^non-empty (stdin|data) in first request$/)]);
        expect(await refusal(client.duplex(rpc), {})).toMatchObject({ code: 3, details: "repository not set" });
      }
      for (const rpc of [METHODS.sSHUploadPack, METHODS.sSHUploadArchive])
        expect((await refusal(client.duplex(rpc), { repository: ABSENT })).code).toBe(5);
    });

    test("a call that its client gives up ends", async () => {
      const call = client.duplex(METHODS.sSHUploadPack);
      call.on("error", () => undefined);
      const began = Promise.withResolvers<void>();
      call.on("data", () => began.resolve());
      call.write({ repository });
      await began.promise;
      call.cancel();
      // A server that drains waits longer than a test for what goes on.
      expect(await server.stop()).toBe(0);
      expect(server.log()).not.toContain('"bug');
    });
  });
});
