import { createHmac } from "node:crypto";
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { selfSigned } from "../../../test/support/self-signed.ts";
import { GitalyClient, GitError, ValidationError, ZERO_ID } from "../../src/index.ts";
import { NEW_ID, REPO } from "../support/calls-of-changes.ts";
import { answering, failing, hanging } from "../support/faulty-gitaly.ts";
import { failureOf } from "../support/failure-of.ts";
import { faultyStory } from "../support/faulty-story.ts";
import { CONTRACT_USER } from "../support/fresh-context.ts";

const EXISTS = answering({ exists: true });

describe("credentials", () => {
  test("are the token as it is", async () => {
    await using story = await faultyStory({ token: "secret" });
    story.faulty.script("RepositoryExists", EXISTS);
    await story.client.repoExists(REPO);
    expect(story.faulty.calls[0]?.metadata.get("authorization")).toEqual(["Bearer secret"]);
  });

  test("are none without a token", async () => {
    await using story = await faultyStory();
    story.faulty.script("RepositoryExists", EXISTS);
    await story.client.repoExists(REPO);
    expect(story.faulty.calls[0]?.metadata.get("authorization")).toEqual([]);
  });

  test("of the second version are made anew for each attempt", async () => {
    await using story = await faultyStory({ token: "secret", tokenKind: "v2", retry: { baseMs: 5000 } });
    story.faulty.script("RepositoryExists", failing(status.UNAVAILABLE), EXISTS);
    await story.client.repoExists(REPO);
    const seconds = story.faulty.calls.map(({ metadata }) => {
      const [value] = metadata.get("authorization");
      const [, code, time] = /^Bearer v2\.([0-9a-f]{64})\.(\d+)$/.exec(String(value)) ?? [];
      expect(code).toBe(createHmac("sha256", "secret").update(String(time)).digest("hex"));
      return Number(time);
    });
    expect((seconds[1] ?? 0) - (seconds[0] ?? 0)).toBeGreaterThanOrEqual(5);
  });
});

describe("a client that is closed", () => {
  test("lets its calls end, and takes no more", async () => {
    await using story = await faultyStory();
    const gate = Promise.withResolvers<void>();
    story.faulty.script("RepositoryExists", { kind: "slow", answers: [{ exists: true }], before: () => gate.promise });
    const call = story.client.repoExists(REPO);
    await story.faulty.called("RepositoryExists");
    const closed = story.client[Symbol.asyncDispose]();
    expect((await failureOf(story.client.repoExists(REPO), GitError)).code).toBe("CANCELLED");
    gate.resolve();
    expect(await call).toBe(true);
    await closed;
  });
});

test("a client that is closed lets a method make all of its calls", async () => {
  await using story = await faultyStory();
  const gate = Promise.withResolvers<void>();
  const missing = { kind: "slow", answers: [{}], before: () => gate.promise } as const;
  story.faulty.script("FindBranch", missing);
  story.faulty.otherwise("FindDefaultBranchName", answering({ name: Buffer.from("refs/heads/main") }));
  story.faulty.script("UserCommitFiles", answering({ branchUpdate: { commitId: NEW_ID } }));
  const request = { branch: "new", message: "A", user: CONTRACT_USER, actions: [], expectedOldId: ZERO_ID };
  const commit = story.client.commitFiles(REPO, request);
  await story.faulty.called("FindBranch");
  const closed = story.client[Symbol.asyncDispose]();
  gate.resolve();
  expect((await commit).commitId).toBe(NEW_ID);
  await closed;
});

describe("whoever stops reading a stream", () => {
  test("cancels the call", async () => {
    await using story = await faultyStory();
    const oid = "1".repeat(40);
    story.faulty.script("GetTreeEntries", hanging({ entries: [{ oid, path: Buffer.from("a") }] }));
    for await (const entry of story.client.streamTreeEntries(REPO, { revision: "main" })) {
      expect(entry.path).toBe("a");
      break;
    }
    await (
      await story.faulty.called("GetTreeEntries")
    ).ended;
  });

  test("holds the server back while it does not read", async () => {
    await using story = await faultyStory();
    const total = 400;
    let sent = 0;
    const answers = Array.from({ length: total }, (_, index) => ({
      ...(index === 0 ? { type: 1, size: BigInt(total * 65_536) } : {}),
      data: Buffer.alloc(65_536),
    }));
    const before = (index: number) => {
      sent = index;
      return Promise.resolve();
    };
    story.faulty.script("TreeEntry", { kind: "slow", answers, before });
    const blob = story.client.streamBlob(REPO, { revision: "main", path: "a" })[Symbol.asyncIterator]();
    await blob.next();
    // Another call goes round while nobody reads: what the server could send, it has sent by then.
    for (let round = 0; round < 20; round++) {
      story.faulty.script("RepositoryExists", EXISTS);
      await story.client.repoExists(REPO);
    }
    expect(sent).toBeLessThan(total / 2);
    let bytes = 65_536;
    for (let next = await blob.next(); next.done !== true; next = await blob.next()) bytes += next.value.byteLength;
    expect(bytes).toBe(total * 65_536);
  });
});

describe("options that make no sense are refused", () => {
  const address = "localhost:1";
  test.each([
    { address: "nowhere" },
    { address, retry: { attempts: 0 } },
    { address, retry: { attempts: 1.5 } },
    { address, retry: { baseMs: -1 } },
    { address, retry: { jitter: 2 } },
    { address, defaultTimeoutMs: 0 },
    { address, defaultTimeoutMs: Number.NaN },
    { address, messageBytesMax: 0 },
    { address: "grpcs://localhost:1", tls: false },
    { address, tls: { cert: "PEM" } },
  ])("%j", (options) => {
    expect(() => new GitalyClient(options)).toThrow(ValidationError);
  });

  test("and so is a time that is none", async () => {
    await using story = await faultyStory();
    await failureOf(story.client.repoExists(REPO, { timeoutMs: -1 }), ValidationError);
    expect(story.faulty.calls).toEqual([]);
  });
});

/** A server that says of every repository that it exists; answers on which port it listens. */
async function bound(address: string, credentials: ServerCredentials): Promise<{ server: Server; port: number }> {
  const server = new Server();
  const same = (value: Buffer) => value;
  const definition = {
    path: "/gitaly.RepositoryService/RepositoryExists",
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  server.addService(
    { exists: definition },
    {
      exists: (_call: unknown, callback: (error: null, answer: Buffer) => void) => callback(null, Buffer.from([8, 1])),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, number) => (error === null ? resolve(number) : reject(error)));
  });
  return { server, port };
}

describe("a server is reached", () => {
  test("over a socket of the file system", async () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-client-"));
    const { server } = await bound(`unix:${join(directory, "git.sock")}`, ServerCredentials.createInsecure());
    try {
      await using client = new GitalyClient({ address: `unix:${join(directory, "git.sock")}` });
      expect(await client.repoExists(REPO)).toBe(true);
    } finally {
      server.forceShutdown();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test("by TLS, under a name and under an address, if its certificate says so", async () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-client-"));
    const { cert, key } = selfSigned(directory, "server");
    const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
    const { server, port } = await bound("0.0.0.0:0", ServerCredentials.createSsl(null, [pair]));
    const once = { attempts: 1 };
    try {
      for (const host of ["127.0.0.1", "localhost"]) {
        await using client = new GitalyClient({ address: `grpcs://${host}:${port}`, tls: { ca: cert }, retry: once });
        expect(await client.repoExists(REPO)).toBe(true);
        await using stranger = new GitalyClient({ address: `${host}:${port}`, tls: true, retry: once });
        expect((await failureOf(stranger.repoExists(REPO), GitError)).code).toBe("UNAVAILABLE");
        const tls = { ca: cert, serverName: "other.example.org" };
        await using mistaken = new GitalyClient({ address: `${host}:${port}`, tls, retry: once });
        expect((await failureOf(mistaken.repoExists(REPO), GitError)).code).toBe("UNAVAILABLE");
      }
      await using other = new GitalyClient({ address: `tls://127.0.0.2:${port}`, tls: { ca: cert }, retry: once });
      expect((await failureOf(other.repoExists(REPO), GitError)).code).toBe("UNAVAILABLE");
    } finally {
      server.forceShutdown();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test("not at all when it speaks another protocol", async () => {
    const listener = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const port = await new Promise<number>((resolve) => {
      listener.listen(0, "127.0.0.1", () => resolve((listener.address() as { port: number }).port));
    });
    await using client = new GitalyClient({ address: `127.0.0.1:${port}`, retry: { attempts: 1 } });
    const error = await failureOf(client.repoExists(REPO, { timeoutMs: 2000 }), GitError);
    expect(error.retryable).toBe(true);
    listener.close();
  });
});
