import type { CallOptions } from "../call-options.ts";
import type { GitBranch } from "../domain/branch.ts";
import type { GitCommit } from "../domain/commit.ts";
import type { GitDiffEntry, GitDiffStat } from "../domain/diff.ts";
import type { FileAction } from "../domain/file-action.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { CommitResult, MergeResult, RevertResult } from "../domain/results.ts";
import type { GitTag } from "../domain/tag.ts";
import type { GitTreeEntry } from "../domain/tree-entry.ts";
import type { GitUser } from "../domain/user.ts";
import { ConflictError, NotFoundError, ValidationError } from "../errors.ts";
import type { GitAdapter } from "../git-adapter.ts";
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
import { toText } from "./byte-string.ts";
import { callScope, type CallScope } from "./call-scope.ts";
import { commitFiles } from "./commit-files.ts";
import { describeCommit } from "./describe-objects.ts";
import { diffEntries, diffStats, rawDiffPieces } from "./diff.ts";
import { isAncestor } from "./history.ts";
import { listCommits } from "./list-commits.ts";
import { branchRef, checkBranchName, MemoryRepository, referenceNotFound } from "./memory-repository.ts";
import { mergeToRef, prepareMerge, rebaseToRef, revert } from "./merge-operations.ts";
import { blobAt, treeEntries } from "./read-tree.ts";
import { REFS_HEADS } from "./ref-name.ts";
import { resolveCommit } from "./revision.ts";
import { createTag, deleteTag, findTag, listTags } from "./tags.ts";
import { updateReferences } from "./update-references.ts";

/** What an adapter in memory may be told. */
export interface MemoryGitAdapterOptions {
  /** The time of commits and tags; the system's without. */
  readonly clock?: () => Date;
  /** Of repositories that are made without naming one; `main` without. */
  readonly defaultBranch?: string;
}

const PIECE_BYTES = 64 * 1024;

/**
 * Git in memory: it behaves like a server, down to the ids that Git gives, and is gone with the process. For tests of
 * applications, and where nothing has to stay. Several adapters share nothing.
 *
 * Where a server does more: it takes files that are merely alike for renamed, in diffs and merges (here only files that are the
 * same), follows folders that moved, maps people by `.mailmap`, and runs hooks. Where lines repeat, a hunk may stand elsewhere.
 */
export class MemoryGitAdapter implements GitAdapter {
  readonly #repositories = new Map<string, MemoryRepository>();
  readonly #clock: () => Date;
  readonly #defaultBranch: string;

  constructor({ clock = () => new Date(), defaultBranch = "main" }: MemoryGitAdapterOptions = {}) {
    this.#clock = clock;
    this.#defaultBranch = defaultBranch;
  }

  async createRepo(repo: GitRepo, request: CreateRepo = {}, options?: CallOptions): Promise<void> {
    callScope(options).check();
    const key = keyOf(repo);
    if (this.#repositories.has(key)) {
      throw new ConflictError(`repository ${repo.relativePath} exists already`, { code: "ALREADY_EXISTS" });
    }
    const { objectFormat = "sha1", defaultBranch = this.#defaultBranch } = request;
    this.#repositories.set(key, new MemoryRepository(objectFormat, defaultBranch));
  }

  async repoExists(repo: GitRepo, options?: CallOptions): Promise<boolean> {
    callScope(options).check();
    return this.#repositories.has(keyOf(repo));
  }

  async removeRepo(repo: GitRepo, options?: CallOptions): Promise<void> {
    callScope(options).check();
    if (!this.#repositories.delete(keyOf(repo))) throw repositoryNotFound(repo);
  }

  async createBranch(repo: GitRepo, request: CreateBranch, options?: CallOptions): Promise<GitBranch> {
    const { repository } = this.#change(repo, request, options);
    const { objects, references } = repository;
    const name = branchRef(request.name);
    checkBranchName(request.name);
    const { id } = repository.commitAt(request.startPoint);
    references.update([{ name, newId: id, expectedId: objects.zeroId }]);
    return { name: request.name, commit: describeCommit(objects, id) };
  }

  async deleteBranch(repo: GitRepo, request: DeleteBranch, options?: CallOptions): Promise<void> {
    const { repository } = this.#change(repo, request, options);
    checkBranchName(request.name);
    if (repository.tip(request.name) === undefined) throw referenceNotFound(`refs/heads/${request.name}`);
    const { expectedOldId: expectedId } = request;
    repository.references.update([{ name: branchRef(request.name), newId: repository.objects.zeroId, expectedId }]);
  }

  async findBranch(repo: GitRepo, name: string, options?: CallOptions): Promise<GitBranch | null> {
    const { repository } = this.#open(repo, options);
    if (name === "") throw new ValidationError("the name of a branch is empty", { code: "INVALID_ARGUMENT" });
    const id = repository.tip(name);
    return id === undefined ? null : { name, commit: describeCommit(repository.objects, id) };
  }

  async listBranches(repo: GitRepo, options?: CallOptions): Promise<GitBranch[]> {
    const { objects, references } = this.#open(repo, options).repository;
    return references.list(REFS_HEADS).map(([name, id]) => ({
      name: toText(name.slice(REFS_HEADS.length)),
      commit: describeCommit(objects, id),
    }));
  }

  async getTreeEntries(repo: GitRepo, request: TreeAt, options?: CallOptions): Promise<GitTreeEntry[]> {
    return [...treeEntries(this.#open(repo, options).repository, request)];
  }

  async *streamTreeEntries(repo: GitRepo, request: TreeAt, options?: CallOptions): AsyncIterable<GitTreeEntry> {
    const { repository, scope } = this.#open(repo, options);
    yield* oneByOne(treeEntries(repository, request), scope);
  }

  async getBlob(repo: GitRepo, request: PathAt, options?: CallOptions): Promise<Uint8Array> {
    return Uint8Array.from(blobAt(this.#open(repo, options).repository, request));
  }

  async *streamBlob(repo: GitRepo, request: PathAt, options?: CallOptions): AsyncIterable<Uint8Array> {
    const { repository, scope } = this.#open(repo, options);
    yield* oneByOne(pieces(blobAt(repository, request)), scope);
  }

  async commitFiles(repo: GitRepo, request: CommitFiles, options?: CallOptions): Promise<CommitResult> {
    const { scope } = this.#change(repo, request, options);
    checkBranchName(request.branch);
    const actions = await scope.until(collect(request.actions, scope));
    // Looked up again: it may have been removed while the caller was still telling what to write.
    return commitFiles(this.#open(repo, options).repository, request, actions, this.#clock());
  }

  async commitDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<GitDiffEntry[]> {
    return gathered(this.streamCommitDiff(repo, range, options));
  }

  async *streamCommitDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): AsyncIterable<GitDiffEntry> {
    const { repository, scope } = this.#open(repo, options);
    yield* oneByOne(diffEntries(repository, range), scope);
  }

  async rawDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<Uint8Array> {
    return Uint8Array.from(Buffer.concat(await gathered(this.streamRawDiff(repo, range, options))));
  }

  async *streamRawDiff(repo: GitRepo, range: DiffRange, options?: CallOptions): AsyncIterable<Uint8Array> {
    const { repository, scope } = this.#open(repo, options);
    for (const diff of rawDiffPieces(repository, range)) yield* oneByOne(pieces(diff), scope);
  }

  async diffStats(repo: GitRepo, range: DiffRange, options?: CallOptions): Promise<GitDiffStat[]> {
    const { repository, scope } = this.#open(repo, options);
    return gathered(oneByOne(diffStats(repository, range), scope));
  }

  async findCommit(repo: GitRepo, revision: string, options?: CallOptions): Promise<GitCommit | null> {
    const { repository } = this.#open(repo, options);
    const id = resolveCommit(repository, revision);
    return id === undefined ? null : describeCommit(repository.objects, id);
  }

  async listCommits(repo: GitRepo, request: ListCommits, options?: CallOptions): Promise<GitCommit[]> {
    return gathered(this.streamCommits(repo, request, options));
  }

  async *streamCommits(repo: GitRepo, request: ListCommits, options?: CallOptions): AsyncIterable<GitCommit> {
    const { repository, scope } = this.#open(repo, options);
    for await (const id of oneByOne(listCommits(repository, request), scope)) {
      yield describeCommit(repository.objects, id);
    }
  }

  /** Also false when one of the two does not exist, as servers have it. */
  async isAncestor(
    repo: GitRepo,
    request: { readonly ancestor: string; readonly descendant: string },
    options?: CallOptions,
  ): Promise<boolean> {
    const { repository } = this.#open(repo, options);
    const ancestor = resolveCommit(repository, request.ancestor);
    const descendant = resolveCommit(repository, request.descendant);
    if (ancestor === undefined || descendant === undefined) return false;
    return isAncestor(repository.objects, ancestor, descendant);
  }

  async mergeToRef(repo: GitRepo, request: MergeToRef, options?: CallOptions): Promise<MergeResult> {
    return mergeToRef(this.#change(repo, request, options).repository, request, this.#clock());
  }

  async mergeBranch(repo: GitRepo, request: MergeBranch, options?: CallOptions): Promise<MergeResult> {
    const { repository, scope } = this.#change(repo, request, options);
    const { commitId, apply } = prepareMerge(repository, request, this.#clock());
    if (request.approve !== undefined && !(await scope.until(request.approve(commitId)))) {
      const facts = { code: "FAILED_PRECONDITION", detail: { kind: "merge_not_confirmed" } } as const;
      throw new ConflictError("the merge was not approved", facts);
    }
    apply();
    return { commitId };
  }

  async rebaseToRef(repo: GitRepo, request: RebaseToRef, options?: CallOptions): Promise<MergeResult> {
    return rebaseToRef(this.#change(repo, request, options).repository, request, this.#clock());
  }

  async createTag(repo: GitRepo, request: CreateTag, options?: CallOptions): Promise<GitTag> {
    return createTag(this.#change(repo, request, options).repository, request, this.#clock());
  }

  async deleteTag(repo: GitRepo, request: DeleteTag, options?: CallOptions): Promise<void> {
    deleteTag(this.#change(repo, request, options).repository, request);
  }

  async findTag(repo: GitRepo, name: string, options?: CallOptions): Promise<GitTag | null> {
    return findTag(this.#open(repo, options).repository, name);
  }

  async listTags(repo: GitRepo, options?: CallOptions): Promise<GitTag[]> {
    return listTags(this.#open(repo, options).repository);
  }

  async revert(repo: GitRepo, request: Revert, options?: CallOptions): Promise<RevertResult> {
    return revert(this.#change(repo, request, options).repository, request, this.#clock());
  }

  async updateReferences(repo: GitRepo, request: UpdateReferences, options?: CallOptions): Promise<void> {
    updateReferences(this.#change(repo, request, options).repository, request);
  }

  #open(repo: GitRepo, options: CallOptions | undefined): { repository: MemoryRepository; scope: CallScope } {
    const scope = callScope(options);
    scope.check();
    const repository = this.#repositories.get(keyOf(repo));
    if (repository === undefined) throw repositoryNotFound(repo);
    return { repository, scope };
  }

  /** As `#open`, for what changes a repository and therefore names a user. */
  #change(
    repo: GitRepo,
    { user, expectedOldId }: { readonly user: GitUser; readonly expectedOldId?: string },
    options: CallOptions | undefined,
  ) {
    const opened = this.#open(repo, options);
    if (expectedOldId !== undefined && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(expectedOldId)) {
      throw new ValidationError(`expectedOldId is no object id: "${expectedOldId}"`, { code: "INVALID_ARGUMENT" });
    }
    for (const field of ["glId", "name", "email"] as const) {
      if (user[field].trim() === "")
        throw new ValidationError(`the user's ${field} is empty`, { code: "INVALID_ARGUMENT" });
    }
    return opened;
  }
}

function keyOf({ storage, relativePath }: GitRepo): string {
  if (storage === "" || relativePath === "") {
    const what = storage === "" ? "storage" : "relative path";
    throw new ValidationError(`the ${what} of the repository is empty`, { code: "INVALID_ARGUMENT" });
  }
  return `${storage}\0${relativePath}`;
}

function repositoryNotFound({ relativePath }: GitRepo): NotFoundError {
  return new NotFoundError(`repository ${relativePath} does not exist`, { code: "NOT_FOUND" });
}

async function collect(actions: CommitFiles["actions"], scope: CallScope): Promise<FileAction[]> {
  const collected: FileAction[] = [];
  for await (const action of actions) {
    scope.check();
    // A caller that streams may use one array again and again.
    const copied = "content" in action && action.content instanceof Uint8Array;
    collected.push(copied ? { ...action, content: Uint8Array.from(action.content) } : { ...action });
  }
  return collected;
}

async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* oneByOne<T>(items: Iterable<T>, scope: CallScope): AsyncIterable<T> {
  for (const item of items) {
    scope.check();
    yield item;
  }
}

/** Copies, so that what is handed out cannot change what is kept. */
function* pieces(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield Uint8Array.from(bytes.subarray(at, at + PIECE_BYTES));
}
