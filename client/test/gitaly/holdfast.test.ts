import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type RunningServer, startServer } from "../../../test/support/running-server.ts";
import {
  ConflictError,
  GitalyClient,
  type GitRepo,
  NotFoundError,
  UnauthorizedError,
  ZERO_ID,
} from "../../src/index.ts";
import { failureOf } from "../support/failure-of.ts";
import { CONTRACT_USER as user } from "../support/fresh-context.ts";

const TOKEN = "a shared secret";
const ZERO_SHA256 = "0".repeat(64);

function git(directory: string, input: string | Buffer, ...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["git", "-C", directory, ...args], { stdin: Buffer.from(input) });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim();
}

describe.each(["libgit2", "shell"])("Holdfast on %s", (backend) => {
  let server: RunningServer;
  let client: GitalyClient;
  let repositories = 0;

  beforeAll(async () => {
    server = await startServer({ env: { GIT_BACKEND: backend, HOLDFAST_GRPC_TOKEN: TOKEN } });
    client = new GitalyClient({ address: server.addresses["grpc"] ?? "", token: TOKEN });
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  async function newRepo(objectFormat: "sha1" | "sha256" = "sha1"): Promise<GitRepo> {
    const repo = { storage: "default", relativePath: `client/${++repositories}.git` };
    await client.createRepo(repo, { objectFormat });
    return repo;
  }

  const written = async (repo: GitRepo, path: string, content: string | Uint8Array) =>
    (
      await client.commitFiles(repo, {
        branch: "main",
        message: "A\n",
        user,
        actions: [{ type: "create", path, content }],
      })
    ).commitId;

  test("takes the secret in either form, and no other", async () => {
    const address = server.addresses["grpc"] ?? "";
    const repo = await newRepo();
    await using proving = new GitalyClient({ address, token: TOKEN, tokenKind: "v2" });
    expect(await proving.repoExists(repo)).toBe(true);
    await using silent = new GitalyClient({ address });
    const error = await failureOf(silent.repoExists(repo), UnauthorizedError);
    expect(error.code).toBe("UNAUTHENTICATED");
  });

  test("names the request that failed", async () => {
    const missing = { storage: "default", relativePath: "client/missing.git" };
    const errors = [
      await failureOf(client.findCommit(missing, "main"), NotFoundError),
      await failureOf(client.listBranches(missing), NotFoundError),
    ];
    for (const { requestId } of errors) expect(requestId).toMatch(/^\S{8,}$/);
    expect(errors[0]?.requestId).not.toBe(errors[1]?.requestId);
  });

  test("has a large file in many messages, both ways", async () => {
    const repo = await newRepo();
    const content = Buffer.alloc(9 * 1024 * 1024, "0123456789abcde\n");
    const revision = await written(repo, "large.txt", content);
    expect(Buffer.compare(await client.getBlob(repo, { revision, path: "large.txt" }), content)).toBe(0);
    const pieces: Uint8Array[] = [];
    for await (const piece of client.streamBlob(repo, { revision, path: "large.txt" })) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(10);
    expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
  });

  test("lists a path that is no UTF-8", async () => {
    const repo = await newRepo();
    const directory = join(server.storage, repo.relativePath);
    const blob = git(directory, "a\n", "hash-object", "-w", "--stdin");
    const line = Buffer.concat([
      Buffer.from(`100644 blob ${blob}\t`),
      Buffer.from("caf\xe9", "latin1"),
      Buffer.from("\0"),
    ]);
    const tree = git(directory, line, "mktree", "-z");
    const commit = git(directory, "m\n", "-c", "user.name=A", "-c", "user.email=a@b", "commit-tree", tree);
    const [entry] = await client.getTreeEntries(repo, { revision: commit });
    expect([entry?.path, Buffer.from(entry?.pathBytes ?? []).toString("latin1")]).toEqual(["caf\ufffd", "caf\xe9"]);
  });

  test("has actions that come one by one, from a source that gives them once", async () => {
    const repo = await newRepo();
    async function* actions() {
      for (let n = 0; n < 50; n++) {
        await Promise.resolve();
        yield { type: "create", path: `file-${n}.txt`, content: `${n}\n` } as const;
      }
    }
    await client.commitFiles(repo, { branch: "main", message: "A\n", user, actions: actions() });
    expect(await client.getTreeEntries(repo, { revision: "main" })).toHaveLength(50);
  });

  // The shell backend has SHA-256; the router takes what libgit2 cannot do there.
  test.each([ZERO_ID, ZERO_SHA256])("takes zeros of either length in a repository of SHA-256: %s", async (zeros) => {
    const repo = await newRepo("sha256");
    const first = await written(repo, "a.txt", "a\n");
    expect(first).toHaveLength(64);
    const ref = "refs/heads/other";
    const create = { user, updates: [{ ref, oldId: zeros, newId: first }] };
    await client.updateReferences(repo, create);
    expect((await client.findBranch(repo, "other"))?.commit.id).toBe(first);
    await failureOf(client.updateReferences(repo, create), ConflictError);
    await client.updateReferences(repo, { user, updates: [{ ref, newId: zeros }] });
    expect(await client.findBranch(repo, "other")).toBeNull();
  });

  test("takes one commit at most from those who all expect the same", async () => {
    const repo = await newRepo();
    const expectedOldId = await written(repo, "a.txt", "0\n");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => {
        const actions = [{ type: "update", path: "a.txt", content: `${n + 1}\n` }] as const;
        return client.commitFiles(repo, { branch: "main", message: `${n}\n`, user, actions, expectedOldId });
      }),
    );
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    expect(refused).toHaveLength(7);
    for (const reason of refused) expect(reason).toBeInstanceOf(ConflictError);
  });
});

test("those who leave many streams early are borne by Holdfast", async () => {
  await using server = await startServer({});
  await using client = new GitalyClient({ address: server.addresses["grpc"] ?? "" });
  const repo = { storage: "default", relativePath: "client/left.git" };
  await client.createRepo(repo);
  const content = Buffer.alloc(2 * 1024 * 1024, "large");
  const actions = [{ type: "create", path: "large.bin", content }] as const;
  await client.commitFiles(repo, { branch: "main", message: "A\n", user, actions });
  let left = 0;
  const reader = async () => {
    while (left++ < 1200) {
      for await (const piece of client.streamBlob(repo, { revision: "main", path: "large.bin" })) {
        expect(piece.byteLength).toBeGreaterThan(0);
        break;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, reader));
  expect(await client.repoExists(repo)).toBe(true);
});
