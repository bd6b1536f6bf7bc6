import type { Static } from "@sinclair/typebox";
import type { CloneInput, CloneJob, Clones, CloneState, CloneStore, KnownClone } from "../contract/clones.ts";
import type { Clock } from "../contract/context.ts";
import type { Caller, Principal } from "../contract/principal.ts";
import { forgetCredential, remoteSourceOf } from "../contract/remotes.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { errorSentence } from "../domain/error-sentence.ts";
import { OperationError } from "../domain/errors.ts";

/** Clones that run at once: of everybody, and of one. */
const RUNNING_MAX = 32;
const RUNNING_PER_OWNER_MAX = 4;
/** So long it is told how a clone went. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

type Input = Static<typeof CloneInput>;

export interface CloneJobsOptions {
  readonly clock: Clock;
  readonly store: CloneStore;
  /** Is there a repository at the place? */
  readonly isThere: (repository: RepositoryRef) => boolean;
  /** Runs the clone on behalf of a caller; yields lines of progress. */
  readonly run: (input: Input, caller: Caller) => AsyncIterable<readonly { readonly line: string }[]>;
  /** The one spelling of a repository's path. */
  readonly canonical: (repository: RepositoryRef) => RepositoryRef;
  /** Told of what is nobody's fault but ours. */
  readonly onFailed: (error: unknown) => void;
}

interface Running {
  job: CloneJob;
  readonly owner: string;
  readonly ending: AbortController;
  ended: Promise<void>;
}

/**
 * Clones that run by themselves. One that has not ended when the server does leaves nothing of a repository; how it went is known for a month,
 * whatever becomes of the server.
 */
export class CloneJobs implements Clones {
  readonly #options: CloneJobsOptions;
  /** By place: those that run, and those whose end could not be written down. */
  readonly #jobs = new Map<string, Running>();
  #isClosing = false;

  constructor(options: CloneJobsOptions) {
    this.#options = options;
  }

  /** Settles what an earlier server left: it has done its work, or has been interrupted. */
  async recover(): Promise<void> {
    const { store, clock, isThere } = this.#options;
    for (const { job, owner } of await store.running()) {
      const endedAtMs = clock.nowMs();
      const ended = isThere(job.repository)
        ? ({ state: "done", endedAtMs } as const)
        : ({ state: "failed", endedAtMs, problem: INTERRUPTED } as const);
      await store.put({ job: { ...job, ...ended }, owner });
    }
  }

  async start(input: Input, caller: Caller): Promise<CloneJob> {
    const { clock, canonical, store } = this.#options;
    const repository = canonical(input.repository);
    const key = keyOf(repository);
    const owner = ownerOf(caller.principal);
    if (this.#jobs.get(key)?.job.state === "running") {
      throw new OperationError("clone_running", { repository: repository.relativePath });
    }
    this.#refuseTooMany(owner);
    const ending = new AbortController();
    const job: CloneJob = { repository, url: input.url, state: "running", startedAtMs: clock.nowMs() };
    const running: Running = { job, owner, ending, ended: Promise.resolve() };
    this.#jobs.set(key, running);
    try {
      await store.prune(job.startedAtMs - KEPT_MS);
      await store.put(running);
    } catch (error) {
      this.#jobs.delete(key);
      throw error;
    }
    // What the request may take, and be asked again, is over with it.
    const { idempotencyKey: _key, deadlineAtMs: _deadline, onReplayed: _replayed, ...lasting } = caller;
    running.ended = this.#run(running, input, { ...lasting, signal: ending.signal });
    return job;
  }

  async find(repository: RepositoryRef, caller: Caller): Promise<CloneJob> {
    return (await this.#find(repository, caller)).job;
  }

  async cancel(repository: RepositoryRef, caller: Caller): Promise<CloneJob> {
    const found = await this.#find(repository, caller);
    const running = this.#jobs.get(keyOf(found.job.repository));
    if (running === undefined) return found.job;
    running.ending.abort();
    await running.ended;
    return running.job;
  }

  /** Ends all that run. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const all = [...this.#jobs.values()];
    for (const { ending } of all) ending.abort();
    await Promise.all(all.map(({ ended }) => ended));
  }

  async #run(running: Running, input: Input, caller: Caller): Promise<void> {
    try {
      for await (const lines of this.#options.run(input, caller)) {
        const last = lines.at(-1);
        if (last !== undefined) running.job = { ...running.job, progress: last.line };
      }
      await this.#end(running, "done");
    } catch (error) {
      await this.#fail(running, error);
    } finally {
      forgetCredential(remoteSourceOf(input).credential);
    }
  }

  #fail(running: Running, error: unknown): Promise<void> {
    if (running.ending.signal.aborted) {
      return this.#isClosing ? this.#end(running, "failed", INTERRUPTED) : this.#end(running, "canceled");
    }
    if (!(error instanceof OperationError)) this.#options.onFailed(error);
    const known = error instanceof OperationError ? error : new OperationError("internal", { what: "the clone" });
    return this.#end(running, "failed", problemOf(known));
  }

  async #end(running: Running, state: CloneState, problem?: CloneJob["problem"]): Promise<void> {
    const { clock, store, onFailed } = this.#options;
    const job = { ...running.job, state, endedAtMs: clock.nowMs(), ...(problem === undefined ? {} : { problem }) };
    running.job = job;
    try {
      await store.put(running);
      this.#jobs.delete(keyOf(job.repository));
    } catch (error) {
      onFailed(error);
    }
  }

  async #find(repository: RepositoryRef, { principal }: Caller): Promise<KnownClone> {
    const { canonical, store } = this.#options;
    const place = canonical(repository);
    const found = this.#jobs.get(keyOf(place)) ?? (await store.find(place));
    const seesAll = principal.kind === "control" || principal.kind === "service" || principal.user?.isAdmin === true;
    if (found === undefined || (!seesAll && found.owner !== ownerOf(principal))) {
      throw new OperationError("clone_not_found", { repository: repository.relativePath });
    }
    return found;
  }

  #refuseTooMany(owner: string): void {
    const running = [...this.#jobs.values()].filter(({ job }) => job.state === "running");
    const full = (limit: string, maximum: number) =>
      new OperationError("limit_exceeded", { limit, maximum, retryAfterMs: 10_000 });
    if (running.length >= RUNNING_MAX) throw full("clones at once", RUNNING_MAX);
    if (running.filter((one) => one.owner === owner).length >= RUNNING_PER_OWNER_MAX) {
      throw full("clones of one user at once", RUNNING_PER_OWNER_MAX);
    }
  }
}

const problemOf = (error: OperationError) => ({ reason: error.reason, message: errorSentence(error) });

const INTERRUPTED = problemOf(new OperationError("shutting_down", {}));

const keyOf = ({ storage, relativePath }: RepositoryRef): string => `${storage}\0${relativePath}`;

const ownerOf = ({ kind, user }: Principal): string => (user === undefined ? kind : `user:${user.id}`);
