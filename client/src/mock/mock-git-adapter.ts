import type { CallOptions } from "../call-options.ts";
import type { GitDiffEntry } from "../domain/diff.ts";
import type { FileAction } from "../domain/file-action.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { CommitResult } from "../domain/results.ts";
import { ConflictError, NotFoundError, ValidationError } from "../errors.ts";
import type { GitAdapter } from "../git-adapter.ts";
import { callScope } from "../memory/call-scope.ts";
import { blobAt, treeEntries } from "../memory/read-tree.ts";
import { copyArguments } from "./copy-arguments.ts";
import type { MethodArguments, MethodName, MethodResult, MockAnswer, MockCall } from "./mock-answers.ts";
import { type GivenRepository, MockRepository } from "./mock-repository.ts";

type Args<M extends MethodName> = MethodArguments<M>;
type StreamArgs = readonly [repo: GitRepo, request: unknown, options?: CallOptions | undefined];

/** Methods that a mock cannot answer by itself. */
type Told =
  | "createBranch"
  | "deleteBranch"
  | "commitDiff"
  | "rawDiff"
  | "diffStats"
  | "mergeToRef"
  | "mergeBranch"
  | "rebaseToRef"
  | "createTag"
  | "deleteTag"
  | "revert"
  | "updateReferences";

/** Streams take the answer of the method that gives the same at once, cut into one piece. */
const WHOLE = {
  streamTreeEntries: "getTreeEntries",
  streamBlob: "getBlob",
  streamCommitDiff: "commitDiff",
  streamRawDiff: "rawDiff",
  streamCommits: "listCommits",
} as const;

/**
 * A stand-in for tests of applications: it answers what it was told to, and notes each call. What it was not told is
 * `NotFoundError`, or `null` where a method says so; changes need an answer, since nothing is changed.
 */
export class MockGitAdapter implements GitAdapter {
  readonly #given: readonly GivenRepository[];
  readonly #repositories = new Map<string, MockRepository>();
  readonly #answers = new Map<MethodName, unknown>();
  readonly #failures = new Map<MethodName, Error[]>();
  #calls: MockCall[] = [];

  constructor(repositories: readonly GivenRepository[] = []) {
    this.#given = repositories;
    this.reset();
  }

  /** All calls since the beginning or the last `reset`, in their order. */
  get calls(): readonly MockCall[] {
    return this.#calls;
  }

  /** The calls of one method. */
  callsOf<M extends MethodName>(method: M): readonly MockCall<M>[] {
    return this.#calls.filter((call) => call.method === method) as unknown as MockCall<M>[];
  }

  /** What a method answers from now on, whatever it is called with; a function sees the arguments. */
  answer<M extends MethodName>(method: M, answer: MockAnswer<M>): this {
    this.#answers.set(method, answer);
    return this;
  }

  /** The next call of a method fails; several failures are used up one by one. */
  failNext(method: MethodName, error: Error): this {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
    return this;
  }

  /** As it was made: without calls, answers and failures, and with the repositories that were given. */
  reset(): void {
    this.#calls = [];
    this.#answers.clear();
    this.#failures.clear();
    this.#repositories.clear();
    for (const given of this.#given) this.#repositories.set(keyOf(given.repo), new MockRepository(given));
  }

  createRepo(...args: Args<"createRepo">): Promise<void> {
    return this.#call("createRepo", args, args[2], () => {
      const key = keyOf(args[0]);
      if (this.#repositories.has(key)) {
        throw new ConflictError(`repository ${args[0].relativePath} exists already`, { code: "ALREADY_EXISTS" });
      }
      this.#repositories.set(key, new MockRepository({}));
    });
  }

  repoExists(...args: Args<"repoExists">): Promise<boolean> {
    return this.#call("repoExists", args, args[1], () => this.#repositories.has(keyOf(args[0])));
  }

  removeRepo(...args: Args<"removeRepo">): Promise<void> {
    return this.#call("removeRepo", args, args[1], () => {
      this.#open(args[0]);
      this.#repositories.delete(keyOf(args[0]));
    });
  }

  createBranch(...args: Args<"createBranch">) {
    return this.#told("createBranch", args);
  }

  deleteBranch(...args: Args<"deleteBranch">) {
    return this.#told("deleteBranch", args);
  }

  findBranch(...args: Args<"findBranch">) {
    return this.#call("findBranch", args, args[2], () => this.#open(args[0]).branch(args[1]));
  }

  listBranches(...args: Args<"listBranches">) {
    return this.#call("listBranches", args, args[1], () => this.#open(args[0]).branches());
  }

  getTreeEntries(...args: Args<"getTreeEntries">) {
    return this.#call("getTreeEntries", args, args[2], () => [...treeEntries(this.#open(args[0]), args[1])]);
  }

  streamTreeEntries(...args: Args<"streamTreeEntries">) {
    return this.#stream("streamTreeEntries", args, () => [...treeEntries(this.#open(args[0]), args[1])]);
  }

  // The result is named: compilers before TypeScript 5.7 do not know the type that is found for it.
  getBlob(...args: Args<"getBlob">): Promise<Uint8Array> {
    return this.#call("getBlob", args, args[2], () => Uint8Array.from(blobAt(this.#open(args[0]), args[1])));
  }

  streamBlob(...args: Args<"streamBlob">): AsyncIterable<Uint8Array> {
    return this.#stream("streamBlob", args, () => [Uint8Array.from(blobAt(this.#open(args[0]), args[1]))]);
  }

  async commitFiles(...[repo, request, options]: Args<"commitFiles">): Promise<CommitResult> {
    const noted: FileAction[] = [];
    const [notedRepo, notedRequest] = copyArguments([repo, { ...request, actions: [] }] as const);
    const args = [notedRepo, { ...notedRequest, actions: noted }, ...(options === undefined ? [] : [options])] as const;
    this.#calls.push({ method: "commitFiles", args } as unknown as MockCall);
    for await (const action of request.actions) noted.push(...copyArguments([action]));
    const answer = await this.#run("commitFiles", [repo, { ...request, actions: noted }, options], options, () =>
      this.#unanswered("commitFiles", repo),
    );
    return answer as CommitResult;
  }

  commitDiff(...args: Args<"commitDiff">) {
    return this.#told("commitDiff", args);
  }

  streamCommitDiff(...args: Args<"streamCommitDiff">) {
    return this.#stream<GitDiffEntry>("streamCommitDiff", args, () => this.#unanswered("commitDiff", args[0]));
  }

  rawDiff(...args: Args<"rawDiff">): Promise<Uint8Array> {
    return this.#told("rawDiff", args);
  }

  streamRawDiff(...args: Args<"streamRawDiff">): AsyncIterable<Uint8Array> {
    return this.#stream<Uint8Array>("streamRawDiff", args, () => this.#unanswered("rawDiff", args[0]));
  }

  diffStats(...args: Args<"diffStats">) {
    return this.#told("diffStats", args);
  }

  findCommit(...args: Args<"findCommit">) {
    return this.#call("findCommit", args, args[2], () => this.#open(args[0]).commit(args[1]));
  }

  listCommits(...args: Args<"listCommits">) {
    return this.#call("listCommits", args, args[2], () => this.#open(args[0]).history(args[1]));
  }

  streamCommits(...args: Args<"streamCommits">) {
    return this.#stream("streamCommits", args, () => this.#open(args[0]).history(args[1]));
  }

  isAncestor(...args: Args<"isAncestor">) {
    return this.#call("isAncestor", args, args[2], () => {
      const repository = this.#open(args[0]);
      const [ancestor, descendant] = [repository.commit(args[1].ancestor), repository.commit(args[1].descendant)];
      if (ancestor === null || descendant === null) return false;
      return repository.history({ revisions: [descendant.id] }).some(({ id }) => id === ancestor.id);
    });
  }

  mergeToRef(...args: Args<"mergeToRef">) {
    return this.#told("mergeToRef", args);
  }

  mergeBranch(...args: Args<"mergeBranch">) {
    return this.#told("mergeBranch", args);
  }

  rebaseToRef(...args: Args<"rebaseToRef">) {
    return this.#told("rebaseToRef", args);
  }

  createTag(...args: Args<"createTag">) {
    return this.#told("createTag", args);
  }

  deleteTag(...args: Args<"deleteTag">) {
    return this.#told("deleteTag", args);
  }

  findTag(...args: Args<"findTag">) {
    return this.#call("findTag", args, args[2], () => this.#open(args[0]).tag(args[1]));
  }

  listTags(...args: Args<"listTags">) {
    return this.#call("listTags", args, args[1], () => this.#open(args[0]).tags());
  }

  revert(...args: Args<"revert">) {
    return this.#told("revert", args);
  }

  updateReferences(...args: Args<"updateReferences">) {
    return this.#told("updateReferences", args);
  }

  /** Notes a call and answers it, from what was given where no answer is told. */
  async #call<M extends MethodName>(
    method: M,
    args: Args<M>,
    options: CallOptions | undefined,
    given: () => MethodResult<M>,
  ): Promise<MethodResult<M>> {
    this.#note(method, args);
    return (await this.#run(method, args, options, given)) as MethodResult<M>;
  }

  /** Notes a call whose answer has to be told. */
  #told<M extends Told>(method: M, args: Args<M>): Promise<MethodResult<M>> {
    return this.#call<M>(method, args, args[2], () => this.#unanswered(method, args[0]));
  }

  /** Notes a call and gives what it answers one by one. */
  #stream<T>(method: keyof typeof WHOLE, args: StreamArgs, given: () => readonly T[]): AsyncIterable<T> {
    this.#note(method, args as Args<typeof method>);
    const scope = callScope(args[2]);
    const whole = WHOLE[method];
    const told = this.#isTold(whole) && !this.#isTold(method) ? whole : method;
    const run = () => this.#run(told, args, args[2], given) as Promise<readonly T[] | Uint8Array>;
    return (async function* () {
      const answer = await run();
      for (const item of answer instanceof Uint8Array ? [answer as T] : answer) {
        scope.check();
        yield item;
      }
    })();
  }

  #note<M extends MethodName>(method: M, args: Args<M>): MockCall<M> {
    const call = { method, args: copyArguments(args) };
    this.#calls.push(call as unknown as MockCall);
    return call;
  }

  #isTold(method: MethodName): boolean {
    return this.#answers.has(method) || (this.#failures.get(method)?.length ?? 0) > 0;
  }

  async #run(
    method: MethodName,
    args: readonly unknown[],
    options: CallOptions | undefined,
    given: () => unknown,
  ): Promise<unknown> {
    const scope = callScope(options);
    scope.check();
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
    if (!this.#answers.has(method)) return given();
    const answer = this.#answers.get(method);
    if (answer instanceof Error) throw answer;
    if (typeof answer !== "function") return structuredClone(answer);
    return scope.until(Reflect.apply(answer, undefined, args) as unknown);
  }

  #open(repo: GitRepo): MockRepository {
    const repository = this.#repositories.get(keyOf(repo));
    if (repository === undefined) {
      throw new NotFoundError(`the mock has no repository ${repo.relativePath}`, { code: "NOT_FOUND" });
    }
    return repository;
  }

  #unanswered(method: MethodName, repo: GitRepo): never {
    this.#open(repo);
    throw new NotFoundError(`the mock has no answer for ${method}: give it one with answer("${method}", …)`, {
      code: "NOT_FOUND",
    });
  }
}

function keyOf({ storage, relativePath }: GitRepo): string {
  if (storage === "" || relativePath === "") {
    const what = storage === "" ? "storage" : "relative path";
    throw new ValidationError(`the ${what} of the repository is empty`, { code: "INVALID_ARGUMENT" });
  }
  return `${storage}\0${relativePath}`;
}
