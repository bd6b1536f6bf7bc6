import type { Channel } from "@grpc/grpc-js";
import type { CallOptions } from "../call-options.ts";
import type { GitBranch } from "../domain/branch.ts";
import type { GitCommit } from "../domain/commit.ts";
import type { GitDiffEntry, GitDiffStat } from "../domain/diff.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { CommitResult, MergeResult, RevertResult } from "../domain/results.ts";
import type { GitTag } from "../domain/tag.ts";
import type { GitTreeEntry } from "../domain/tree-entry.ts";
import type {
  CommitFiles,
  CreateBranch,
  CreateRepo,
  CreateTag,
  DeleteBranch,
  DeleteTag,
  DiffRange,
  ListCommits,
  MergeBranch,
  MergeToRef,
  PathAt,
  RebaseToRef,
  Revert,
  TreeAt,
  UpdateReferences,
} from "../requests.ts";
import type { GitAdapter } from "../git-adapter.ts";
import { chosenAddress } from "./address.ts";
import { Attempts } from "./attempts.ts";
import * as blobs from "./blobs.ts";
import * as branches from "./branches.ts";
import * as commitDiffs from "./commit-diffs.ts";
import * as commitFiles from "./commit-files.ts";
import * as commits from "./commits.ts";
import * as merges from "./merges.ts";
import * as rawDiffs from "./raw-diffs.ts";
import * as references from "./references.ts";
import * as repositories from "./repositories.ts";
import * as reverts from "./reverts.ts";
import * as tags from "./tags.ts";
import * as trees from "./trees.ts";
import { systemClock } from "./clock.ts";
import { Connection } from "./connection.ts";
import { callMetadata } from "./credentials.ts";
import type { GitalyClientOptions } from "./gitaly-client-options.ts";
import { openChannel } from "./open-channel.ts";
import { RetryPolicy } from "./retry-policy.ts";
import { invalid } from "./validate.ts";

const DEFAULT_TIMEOUT_MS = 30_000;
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Git on a server that speaks the Gitaly protocol: Holdfast, or any other. All calls share one connection, which is made by
 * the first of them. Throws `ValidationError` when the options, or the address in the environment, make no sense.
 */
export class GitalyClient implements GitAdapter, AsyncDisposable {
  readonly #server: Connection;

  constructor(options: GitalyClientOptions = {}) {
    const { token, tokenKind = "bearer", clock = systemClock, defaultTimeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const { messageBytesMax = MESSAGE_BYTES_MAX } = options;
    if (!(messageBytesMax > 0)) throw invalid(`messageBytesMax is no size: ${messageBytesMax}`);
    const attempts = new Attempts(new RetryPolicy(options.retry, options.random), clock, defaultTimeoutMs);
    const metadata = callMetadata(token, tokenKind, () => clock.nowMs());
    const channel: Channel = openChannel(chosenAddress(options.address), options.tls, messageBytesMax);
    this.#server = new Connection(channel, metadata, attempts, defaultTimeoutMs);
  }

  /** Takes no more calls, and closes the connection once those that are under way have ended. */
  close(): void {
    void this.#server.close();
  }

  /** As `close`; resolves when the connection is closed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.close();
  }

  createRepo(repo: GitRepo, request: CreateRepo = {}, options?: CallOptions): Promise<void> {
    return this.#server.method(options, (timed) => repositories.createRepo(this.#server, repo, request, timed));
  }

  repoExists(repo: GitRepo, options?: CallOptions): Promise<boolean> {
    return this.#server.method(options, (timed) => repositories.repoExists(this.#server, repo, timed));
  }

  removeRepo(repo: GitRepo, options?: CallOptions): Promise<void> {
    return this.#server.method(options, (timed) => repositories.removeRepo(this.#server, repo, timed));
  }

  createBranch(repo: GitRepo, request: CreateBranch, options?: CallOptions): Promise<GitBranch> {
    return this.#server.method(options, (timed) => branches.createBranch(this.#server, repo, request, timed));
  }

  deleteBranch(repo: GitRepo, request: DeleteBranch, options?: CallOptions): Promise<void> {
    return this.#server.method(options, (timed) => branches.deleteBranch(this.#server, repo, request, timed));
  }

  findBranch(repo: GitRepo, name: string, options?: CallOptions): Promise<GitBranch | null> {
    return this.#server.method(options, (timed) => branches.findBranch(this.#server, repo, name, timed));
  }

  listBranches(repo: GitRepo, options?: CallOptions): Promise<GitBranch[]> {
    return this.#server.method(options, (timed) => branches.listBranches(this.#server, repo, timed));
  }

  getTreeEntries(repo: GitRepo, request: TreeAt, options?: CallOptions): Promise<GitTreeEntry[]> {
    return this.#server.method(options, (timed) => trees.getTreeEntries(this.#server, repo, request, timed));
  }

  streamTreeEntries(repo: GitRepo, request: TreeAt, options?: CallOptions): AsyncIterable<GitTreeEntry> {
    return trees.streamTreeEntries(this.#server, repo, request, options);
  }

  getBlob(repo: GitRepo, request: PathAt, options?: CallOptions): Promise<Uint8Array> {
    return this.#server.method(options, (timed) => blobs.getBlob(this.#server, repo, request, timed));
  }

  streamBlob(repo: GitRepo, request: PathAt, options?: CallOptions): AsyncIterable<Uint8Array> {
    return blobs.streamBlob(this.#server, repo, request, options);
  }

  commitFiles(repo: GitRepo, request: CommitFiles, options?: CallOptions): Promise<CommitResult> {
    return this.#server.method(options, (timed) => commitFiles.commitFiles(this.#server, repo, request, timed));
  }

  commitDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<GitDiffEntry[]> {
    return this.#server.method(options, (timed) => commitDiffs.commitDiff(this.#server, repo, range, timed));
  }

  streamCommitDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): AsyncIterable<GitDiffEntry> {
    return commitDiffs.streamCommitDiff(this.#server, repo, range, options);
  }

  rawDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<Uint8Array> {
    return this.#server.method(options, (timed) => rawDiffs.rawDiff(this.#server, repo, range, timed));
  }

  streamRawDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): AsyncIterable<Uint8Array> {
    return rawDiffs.streamRawDiff(this.#server, repo, range, options);
  }

  diffStats(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<GitDiffStat[]> {
    return this.#server.method(options, (timed) => rawDiffs.diffStats(this.#server, repo, range, timed));
  }

  findCommit(repo: GitRepo, revision: string, options?: CallOptions): Promise<GitCommit | null> {
    return this.#server.method(options, (timed) => commits.findCommit(this.#server, repo, revision, timed));
  }

  listCommits(repo: GitRepo, request: ListCommits, options?: CallOptions): Promise<GitCommit[]> {
    return this.#server.method(options, (timed) => commits.listCommits(this.#server, repo, request, timed));
  }

  streamCommits(repo: GitRepo, request: ListCommits, options?: CallOptions): AsyncIterable<GitCommit> {
    return commits.streamCommits(this.#server, repo, request, options);
  }

  isAncestor(
    repo: GitRepo,
    request: { readonly ancestor: string; readonly descendant: string },
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#server.method(options, (timed) => commits.isAncestor(this.#server, repo, request, timed));
  }

  mergeToRef(repo: GitRepo, request: MergeToRef, options?: CallOptions): Promise<MergeResult> {
    return this.#server.method(options, (timed) => merges.mergeToRef(this.#server, repo, request, timed));
  }

  mergeBranch(repo: GitRepo, request: MergeBranch, options?: CallOptions): Promise<MergeResult> {
    return this.#server.method(options, (timed) => merges.mergeBranch(this.#server, repo, request, timed));
  }

  rebaseToRef(repo: GitRepo, request: RebaseToRef, options?: CallOptions): Promise<MergeResult> {
    return this.#server.method(options, (timed) => merges.rebaseToRef(this.#server, repo, request, timed));
  }

  createTag(repo: GitRepo, request: CreateTag, options?: CallOptions): Promise<GitTag> {
    return this.#server.method(options, (timed) => tags.createTag(this.#server, repo, request, timed));
  }

  deleteTag(repo: GitRepo, request: DeleteTag, options?: CallOptions): Promise<void> {
    return this.#server.method(options, (timed) => tags.deleteTag(this.#server, repo, request, timed));
  }

  findTag(repo: GitRepo, name: string, options?: CallOptions): Promise<GitTag | null> {
    return this.#server.method(options, (timed) => tags.findTag(this.#server, repo, name, timed));
  }

  listTags(repo: GitRepo, options?: CallOptions): Promise<GitTag[]> {
    return this.#server.method(options, (timed) => tags.listTags(this.#server, repo, timed));
  }

  revert(repo: GitRepo, request: Revert, options?: CallOptions): Promise<RevertResult> {
    return this.#server.method(options, (timed) => reverts.revert(this.#server, repo, request, timed));
  }

  updateReferences(repo: GitRepo, request: UpdateReferences, options?: CallOptions): Promise<void> {
    return this.#server.method(options, (timed) => references.updateReferences(this.#server, repo, request, timed));
  }
}
