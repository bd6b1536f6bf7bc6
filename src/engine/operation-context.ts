import type { BorrowedRepository, Context, CreateOptions, OpenRepository } from "../contract/context.ts";
import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { OperationError } from "../domain/errors.ts";
import type { EngineServices } from "./engine.ts";

/** What a context needs of the run that it is for. */
export interface ContextRun {
  readonly settled: () => void;
  readonly open: (ref: RepositoryRef) => Promise<OpenRepository>;
  readonly borrow: (ref: RepositoryRef) => Promise<BorrowedRepository>;
  readonly idle: () => void;
  readonly stage: (ref: RepositoryRef, options: CreateOptions) => Promise<OpenRepository>;
  readonly requireAdmin: () => Promise<void>;
  readonly requireReading: (ref: RepositoryRef) => Promise<void>;
  readonly mayWrite: (ref: RepositoryRef) => boolean | Promise<boolean>;
}

/** What an operation is run with. What few operations ask for is made when it is asked for. */
export class OperationContext implements Context {
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly #services: EngineServices;
  readonly #makeRun: () => ContextRun;
  readonly #repository: OpenRepository | undefined;
  #madeRun: ContextRun | undefined;

  /** Without a repository for an operation that has declared that it works on none: asking for it is a bug. */
  constructor(services: EngineServices, caller: Caller, makeRun: () => ContextRun, repository?: OpenRepository) {
    this.caller = caller;
    this.signal = caller.signal;
    this.#services = services;
    this.#makeRun = makeRun;
    this.#repository = repository;
  }

  get #run(): ContextRun {
    return (this.#madeRun ??= this.#makeRun());
  }

  get settled() {
    return this.#run.settled;
  }

  get open() {
    return this.#run.open;
  }

  get borrow() {
    return this.#run.borrow;
  }

  get idle() {
    return this.#run.idle;
  }

  get stage() {
    return this.#run.stage;
  }

  get requireAdmin() {
    return this.#run.requireAdmin;
  }

  get requireReading() {
    return this.#run.requireReading;
  }

  get repository() {
    if (this.#repository === undefined)
      throw new OperationError("internal", { what: "the operation has no repository" });
    return this.#repository;
  }

  get clock() {
    return this.#services.clock;
  }

  get limits() {
    return this.#services.limits;
  }

  get pushes() {
    return this.#services.pushes;
  }

  get repositories() {
    return this.#services.repositories(this.caller);
  }

  get events() {
    return this.#services.events(this.caller);
  }

  get webhooks() {
    return this.#services.webhooks;
  }

  get remotes() {
    return this.#services.remotes;
  }

  get clones() {
    return this.#services.clones;
  }

  get mirrors() {
    return this.#services.mirrors;
  }

  get sessions() {
    return this.#services.sessions(this.caller, this.#run.mayWrite);
  }

  get signing() {
    return this.#services.signing;
  }

  get identity() {
    return this.#services.identity;
  }

  get backends() {
    return this.#services.backends;
  }

  get server() {
    return this.#services.server;
  }
}
