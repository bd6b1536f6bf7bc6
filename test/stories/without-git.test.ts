import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobService } from "../../src/transports/api/gitaly/generated/blob_pb.ts";
import { CommitService } from "../../src/transports/api/gitaly/generated/commit_pb.ts";
import { DiffService } from "../../src/transports/api/gitaly/generated/diff_pb.ts";
import { OperationService } from "../../src/transports/api/gitaly/generated/operations_pb.ts";
import { RefService } from "../../src/transports/api/gitaly/generated/ref_pb.ts";
import { startServer } from "../support/running-server.ts";
import { type StoryClient, type StoryRepository, storyClient, USER } from "../support/story-client.ts";

const utf8 = (text: string): Buffer => Buffer.from(text);
const MOVED = Buffer.from("m\n");

/** Reads of every kind that the embedded library must answer without a child process. */
function reads(client: StoryClient, repository: StoryRepository, [first, second]: readonly [string, string]) {
  const on = { repository };
  return [
    client.unary(RefService.method.findDefaultBranchName, on),
    client.stream(RefService.method.findLocalBranches, on),
    client.stream(RefService.method.findAllBranches, on),
    client.stream(RefService.method.findAllTags, on),
    client.unary(RefService.method.findTag, { ...on, tagName: utf8("v1") }),
    client.unary(RefService.method.findBranch, { ...on, name: utf8("main") }),
    client.stream(RefService.method.listRefs, { ...on, patterns: [utf8("refs/")], head: true, peelTags: true }),
    client.unary(CommitService.method.findCommit, { ...on, revision: utf8("main~1") }),
    client.stream(CommitService.method.listCommits, { ...on, revisions: ["main", "side"] }),
    client.unary(CommitService.method.commitIsAncestor, { ...on, ancestorId: first, childId: second }),
    client.stream(CommitService.method.treeEntry, { ...on, revision: utf8("main"), path: utf8("dir/a.txt") }),
    client.stream(CommitService.method.getTreeEntries, {
      ...on,
      revision: utf8("main"),
      path: utf8("."),
      recursive: true,
    }),
    client.stream(BlobService.method.getBlob, { ...on, oid: "main:dir/a.txt", limit: -1n }),
    client.stream(BlobService.method.getBlobs, {
      ...on,
      revisionPaths: [{ revision: "main", path: utf8("dir/a.txt") }],
      limit: -1n,
    }),
    client.stream(BlobService.method.listBlobs, { ...on, revisions: ["main"], bytesLimit: -1n, withPaths: true }),
    client.stream(DiffService.method.commitDiff, { ...on, leftCommitId: first, rightCommitId: second }),
    client.stream(DiffService.method.rawDiff, { ...on, leftCommitId: first, rightCommitId: second }),
    client.stream(DiffService.method.diffStats, { ...on, leftCommitId: first, rightCommitId: second }),
    client.stream(DiffService.method.findChangedPaths, { ...on, commits: [second] }),
  ];
}

/** Changes whose sides touch different paths. */
async function writes(client: StoryClient, repository: StoryRepository, side: string): Promise<void> {
  const on = { repository, user: USER };
  const { unary } = { unary: client.unary.bind(client) };
  await unary(OperationService.method.userCreateBranch, { ...on, branchName: utf8("made"), startPoint: utf8("main") });
  await unary(OperationService.method.userDeleteBranch, { ...on, branchName: utf8("made") });
  await unary(OperationService.method.userDeleteTag, { ...on, tagName: utf8("v1") });
  const toRef = {
    ...on,
    sourceSha: side,
    firstParentRef: utf8("refs/heads/main"),
    targetRef: utf8("refs/merge-requests/1/merge"),
  };
  await unary(OperationService.method.userMergeToRef, { ...toRef, message: MOVED });
  const pick = { ...on, branchName: utf8("main"), message: MOVED };
  const { branchUpdate } = await unary(OperationService.method.userCherryPick, { ...pick, commit: { id: side } });
  await unary(OperationService.method.userRevert, { ...pick, commit: { id: branchUpdate!.commitId } });
}

describe("serving without git", () => {
  test("reads, references, commits, merges, picks and reverts need no child process", async () => {
    const nothing = mkdtempSync(join(tmpdir(), "holdfast-empty-path-"));
    await using server = await startServer({ env: { PATH: nothing, HOLDFAST_CANARY_PERCENT: "0" } });
    const client = storyClient(server);
    const repository = await client.createRepository("alone");
    const first = await client.commit(repository, "main", { "dir/a.txt": "one\n", "b.txt": "b\n" });
    const side = await client.commit(repository, "side", { "side.txt": "s\n" }, "main");
    const second = await client.commit(repository, "main", { "c.txt": "c\n" });
    await client.unary(OperationService.method.userCreateTag, {
      repository,
      user: USER,
      tagName: utf8("v1"),
      targetRevision: utf8("main"),
      message: utf8("one\n"),
    });
    for (const read of reads(client, repository, [first, second])) await read;
    await writes(client, repository, side);
    const metrics = await (await fetch(`${server.addresses["http"]}/metrics`)).text();
    const started = metrics.split("\n").filter((line) => line.startsWith("holdfast_child_processes_started_total{"));
    expect(started).toEqual([]);
    client.close();
    rmSync(nothing, { recursive: true });
  });
});
