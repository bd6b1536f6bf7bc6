import type { Static } from "@sinclair/typebox";
import type { CloneInput, CloneJob, Clones, CloneState } from "../contract/clones.ts";
import type { Clock } from "../contract/context.ts";
import type { Caller, Principal } from "../contract/principal.ts";
import { forgetCredential, remoteSourceOf } from "../contract/remotes.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { errorSentence } from "../domain/error-sentence.ts";
import { OperationError } from "../domain/errors.ts";

/** Clones that run at once: of everybody, and of one. */
const RUNNING_MAX = 32;
const RUNNING_PER_OWNER_MAX = 4;
/** Those that are over and still told of. */
const KEPT_MAX = 1000;

type Input = Static<typeof CloneInput>;

export interface CloneJobsOptions {
  readonly clock: Clock;
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

/** Clones that run by themselves. What has not ended when the server does leaves nothing: it is begun again by whoever wanted it. */
export class CloneJobs implements Clones {
  readonly #options: CloneJobsOptions;
  /** By place; the newest at the end. */
  readonly #jobs = new Map<string, Running>();

  constructor(options: CloneJobsOptions) {
    this.#options = options;
  }

  start(input: Input, caller: Caller): CloneJob {
    const { clock, canonical } = this.#options;
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
    this.#jobs.delete(key);
    this.#jobs.set(key, running);
    // What the request may take, and be asked again, is over with it.
    const { idempotencyKey: _key, deadlineAtMs: _deadline, onReplayed: _replayed, ...lasting } = caller;
    running.ended = this.#run(running, input, { ...lasting, signal: ending.signal });
    this.#forgetOldest();
    return job;
  }

  find(repository: RepositoryRef, caller: Caller): CloneJob {
    return this.#find(repository, caller).job;
  }

  async cancel(repository: RepositoryRef, caller: Caller): Promise<CloneJob> {
    const running = this.#find(repository, caller);
    running.ending.abort();
    await running.ended;
    return running.job;
  }

  /** Ends all that run. */
  async close(): Promise<void> {
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
      this.#end(running, "done");
    } catch (error) {
      this.#fail(running, error);
    } finally {
      forgetCredential(remoteSourceOf(input).credential);
    }
  }

  #fail(running: Running, error: unknown): void {
    if (running.ending.signal.aborted) return this.#end(running, "canceled");
    if (!(error instanceof OperationError)) this.#options.onFailed(error);
    const known = error instanceof OperationError ? error : new OperationError("internal", { what: "the clone" });
    this.#end(running, "failed", { reason: known.reason, message: errorSentence(known) });
  }

  #end(running: Running, state: CloneState, problem?: CloneJob["problem"]): void {
    const endedAtMs = this.#options.clock.nowMs();
    running.job = { ...running.job, state, endedAtMs, ...(problem === undefined ? {} : { problem }) };
  }

  #find(repository: RepositoryRef, { principal }: Caller): Running {
    const { canonical } = this.#options;
    const found = this.#jobs.get(keyOf(canonical(repository)));
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

  #forgetOldest(): void {
    for (const [key, { job }] of this.#jobs) {
      if (this.#jobs.size <= KEPT_MAX) return;
      if (job.state !== "running") this.#jobs.delete(key);
    }
  }
}

const keyOf = ({ storage, relativePath }: RepositoryRef): string => `${storage}\0${relativePath}`;

const ownerOf = ({ kind, user }: Principal): string => (user === undefined ? kind : `user:${user.id}`);
