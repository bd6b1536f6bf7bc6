import type { Static, TSchema } from "@sinclair/typebox";
import { TypeCompiler, type TypeCheck } from "@sinclair/typebox/compiler";
import type {
  BackendControl,
  BorrowedRepository,
  Clock,
  Context,
  CreateOptions,
  OpenRepository,
  OperationLimits,
  PushSettings,
  Repositories,
  ServerFacts,
} from "../contract/context.ts";
import type { Authenticator } from "../contract/authenticator.ts";
import type { Events } from "../contract/events.ts";
import type { Identity } from "../contract/identity.ts";
import type { Operation, OperationShape, ResultOfShape } from "../contract/operation.ts";
import type { Caller, Principal } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Clones } from "../contract/clones.ts";
import type { Mirrors } from "../contract/mirrors.ts";
import type { Remotes } from "../contract/remotes.ts";
import type { Sessions } from "../contract/sessions.ts";
import type { Signing } from "../contract/signing.ts";
import type { Webhooks } from "../contract/webhooks.ts";
import { type AtOnce, whenThere } from "../domain/at-once.ts";
import { OperationError } from "../domain/errors.ts";
import { endMoment } from "../domain/moment.ts";
import { untilAborted } from "../domain/until-aborted.ts";
import type { Admission, Place } from "./admission.ts";
import {
  authorise,
  authoriseAdministration,
  authoriseCreation,
  authoriseReading,
  type Authority,
  couldEver,
  mayWrite,
} from "./authorise.ts";
import { checkEnded, explainEnd } from "./deadline.ts";
import type { Idempotency } from "./idempotency.ts";
import { inputError } from "./input-error.ts";
import { type ContextRun, OperationContext } from "./operation-context.ts";
import type { OperationRecord, Recorder } from "./record.ts";
import { revocable } from "./revocable-caller.ts";

/** A repository that was opened, and what gives it back. */
export interface OpenedRepository {
  readonly repository: OpenRepository;
  readonly release: () => void | Promise<void>;
}

/** Opens repositories for operations; implemented by storage and the ref door, bound in main.ts. */
export interface RepositoryOpener {
  /** Finds, checks and pins a repository, at once unless it is about to be moved; `release` gives it back when the operation has ended. */
  open(ref: RepositoryRef, caller: Caller, signal: AbortSignal): OpenedRepository | Promise<OpenedRepository>;
  /** Makes a repository that nobody else sees until its references move. */
  stage(ref: RepositoryRef, options: CreateOptions, caller: Caller, signal: AbortSignal): Promise<OpenedRepository>;
  /** Checks only the names. */
  validate(ref: RepositoryRef): void;
}

export interface EngineServices {
  readonly authority: Authority;
  readonly identity: Identity;
  /** Tells when a credential stops being good. */
  readonly onRevoked: Authenticator["onRevoked"];
  readonly opener: RepositoryOpener;
  /** Repositories as things to make, find and remove, on behalf of a caller. */
  readonly repositories: (caller: Caller) => Repositories;
  /** The events of the server, on behalf of a caller. */
  readonly events: (caller: Caller) => Events;
  readonly webhooks: Webhooks;
  readonly remotes: Remotes;
  readonly clones: Clones;
  readonly mirrors: Mirrors;
  /** Worktree sessions, on behalf of a caller; what he may only read is told, and left as it is. */
  readonly sessions: (caller: Caller, mayWrite: ContextRun["mayWrite"]) => Sessions;
  readonly signing: Signing;
  readonly idempotency: Idempotency;
  readonly backends: BackendControl;
  readonly server: ServerFacts;
  readonly admission: Admission;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly limits: OperationLimits;
  readonly pushes: PushSettings;
}

type AnyOperation<I extends TSchema, O extends TSchema, S extends OperationShape, P> = Operation<I, O, S, P>;

/** No parts, and no waiting for them: of what runs for a long time there may be thousands. */
const NO_PARTS: AsyncIterable<never> = { async *[Symbol.asyncIterator]() {} };

/**
 * What happens round every operation, in this order: parse, authorise, limit, deadline, run, record. Doors call `run` and get
 * what the operation's shape promises; errors are OperationErrors, or bugs.
 */
export class Engine {
  readonly #services: EngineServices;
  readonly #checks = new Map<TSchema, TypeCheck<TSchema>>();

  constructor(services: EngineServices) {
    this.#services = services;
  }

  /** Runs an operation. For streaming shapes nothing happens before the result is iterated. */
  run<I extends TSchema, O extends TSchema, S extends OperationShape, P = never>(
    operation: AnyOperation<I, O, S, P>,
    input: Static<I>,
    caller: Caller,
    parts?: AsyncIterable<P>,
  ): ResultOfShape<Static<O>>[S] {
    const body = parts ?? NO_PARTS;
    const streams = operation.shape !== "call" && operation.shape !== "upload";
    const result = streams ? this.#stream(operation, input, caller, body) : this.#call(operation, input, caller, body);
    return result as ResultOfShape<Static<O>>[S];
  }

  /**
   * Where the repository of a clone address lies: at its plain path only where nothing is at the usual one. The caller learns nothing
   * by it: what he may do there the operation decides.
   */
  refOf(storage: string, { usual, plain }: { readonly usual: string; readonly plain: string }): RepositoryRef {
    const { authority } = this.#services;
    const first: RepositoryRef = { storage, relativePath: usual };
    if (authority.wasThere(first)) return first;
    const second: RepositoryRef = { storage, relativePath: plain };
    return authority.wasThere(second) ? second : first;
  }

  /** Might the caller run an operation on anything at all? For lists of what he may do; what he does is decided when he does it. */
  couldRun(operation: Operation, principal: Principal): boolean | Promise<boolean> {
    return couldEver(operation, principal, this.#services.authority.access);
  }

  #call<I extends TSchema, O extends TSchema, S extends OperationShape, P>(
    operation: AnyOperation<I, O, S, P>,
    input: Static<I>,
    caller: Caller,
    parts: AsyncIterable<P>,
  ): Promise<unknown> {
    // Reads are repeated as they are; what does not fit has not happened, and its key stays free.
    if (caller.idempotencyKey === undefined || operation.kind === "read" || !this.#check(operation.input).Check(input))
      return this.#callNow(operation, input, caller, parts);
    return this.#callOnce(operation, input, caller, parts);
  }

  /** A write that its caller may repeat: the engine runs it once, and takes down every answer. */
  async #callOnce<I extends TSchema, O extends TSchema, S extends OperationShape, P>(
    operation: AnyOperation<I, O, S, P>,
    input: Static<I>,
    caller: Caller,
    parts: AsyncIterable<P>,
  ): Promise<unknown> {
    const { idempotency, recorder } = this.#services;
    let ran = false;
    const record = () => recorder.begin(operation.name, caller);
    try {
      if (operation.shape !== "call")
        throw new OperationError("unsupported", { what: `${operation.name} with an idempotency key` });
      const output = await idempotency.once(operation, input, caller, (lasting) => {
        ran = true;
        return this.#callNow(operation, input, lasting, parts);
      });
      if (!ran) record().end();
      return output;
    } catch (error) {
      if (!ran) record().end(error);
      throw error;
    }
  }

  async #callNow<I extends TSchema, O extends TSchema, S extends OperationShape, P>(
    operation: AnyOperation<I, O, S, P>,
    input: Static<I>,
    caller: Caller,
    parts: AsyncIterable<P>,
  ): Promise<unknown> {
    const record = this.#services.recorder.begin(operation.name, caller);
    const run = new OperationRun(this.#services, record, caller);
    try {
      const entered = run.enter(operation, input, this.#check(operation.input));
      const ctx = entered instanceof Promise ? await entered : entered;
      const output = await (operation.run(input, ctx, run.waitingFor(parts)) as Promise<unknown>);
      const left = run.leave();
      if (left instanceof Promise) await left;
      return output;
    } catch (error) {
      throw await run.fail(error);
    }
  }

  async *#stream<I extends TSchema, O extends TSchema, S extends OperationShape, P>(
    operation: AnyOperation<I, O, S, P>,
    input: Static<I>,
    caller: Caller,
    parts: AsyncIterable<P>,
  ): AsyncGenerator<unknown> {
    const record = this.#services.recorder.begin(operation.name, caller);
    const run = new OperationRun(this.#services, record, caller);
    let finished = false;
    try {
      const ctx = await run.enter(operation, input, this.#check(operation.input));
      // Who watches waits nearly all of the time, and must keep nobody from running.
      if (operation.shape === "watch" && operation.worksFirst !== true) run.place?.leave();
      for await (const output of operation.run(input, ctx, run.waitingFor(parts)) as AsyncIterable<unknown>) {
        // A client that reads slowly, or not at all, keeps nobody else from running.
        run.place?.lend();
        yield output;
        if (!run.awaitsPart) run.place?.takeBack();
      }
      finished = true;
      await run.leave();
    } catch (error) {
      finished = true;
      throw await run.fail(error);
    } finally {
      // The door stopped reading: the client has gone, or has had enough.
      if (!finished) await run.abandon();
    }
  }

  #check(schema: TSchema): TypeCheck<TSchema> {
    let check = this.#checks.get(schema);
    if (check === undefined) {
      check = TypeCompiler.Compile(schema);
      this.#checks.set(schema, check);
    }
    return check;
  }
}

/** One run of one operation: what has been taken for it, and gives it back exactly once. */
class OperationRun {
  readonly #services: EngineServices;
  readonly #record: OperationRecord;
  #caller: Caller;
  readonly #releases: (() => void | Promise<void>)[] = [];
  /** Has happened what was asked for, whatever becomes of the answer? */
  #isSettled = false;
  /** Among those that run; absent until the operation has been admitted. */
  place: Place | undefined;
  /** Waits for the client's next part; what is said meanwhile does not change that. */
  awaitsPart = false;

  constructor(services: EngineServices, record: OperationRecord, caller: Caller) {
    this.#services = services;
    this.#record = record;
    this.#caller = caller;
  }

  /** At once where nothing has to be waited for. */
  enter(operation: Operation, input: unknown, check: TypeCheck<TSchema>): AtOnce<Context> {
    if (!check.Check(input)) throw inputError(check, input);
    if (operation.kind !== "read") this.#releases.push(endMoment);
    const target = operation.target === "none" ? undefined : (input as { repository: RepositoryRef }).repository;
    if (target !== undefined) {
      this.#record.repository(target);
      this.#services.opener.validate(target);
    }
    const authorised = authorise(operation, input, this.#caller.principal, this.#services.authority);
    return whenThere(authorised, () => this.#queue(operation, target));
  }

  #queue(operation: Operation, target: RepositoryRef | undefined): AtOnce<Context> {
    // What has one answer is over before anybody could miss it.
    if (operation.shape !== "call" && this.#caller.principal.kind === "user") this.#watchCredential();
    const { signal } = this.#caller;
    checkEnded(this.#caller, this.#services.clock);
    const queuedAtMs = this.#services.clock.monotonicMs();
    const admitted = this.#services.admission.enter(target, signal);
    return whenThere(admitted, (place) => {
      this.place = place;
      this.#releases.push(() => place.leave());
      this.#record.queued(this.#services.clock.monotonicMs() - queuedAtMs);
      return this.#contextOf(operation, target);
    });
  }

  #contextOf(operation: Operation, target: RepositoryRef | undefined): AtOnce<Context> {
    const opened = target === undefined || operation.target === "path" ? undefined : this.#open(target);
    const makeRun = () => this.#contextRun(operation, target);
    return whenThere(opened, (repository) => new OperationContext(this.#services, this.#caller, makeRun, repository));
  }

  #contextRun({ name }: Operation, target: RepositoryRef | undefined): ContextRun {
    return {
      settled: () => (this.#isSettled = true),
      open: (ref) => this.#openOther(ref),
      borrow: (ref) => this.#borrow(ref),
      idle: () => this.place?.leave(),
      stage: (ref, options) => this.#stage(ref, options),
      requireAdmin: async () => {
        if (target === undefined) throw new OperationError("internal", { what: `${name} works on no repository` });
        await authoriseAdministration(name, target, this.#caller.principal, this.#services.authority);
      },
      requireReading: async (ref) => {
        this.#services.opener.validate(ref);
        await authoriseReading(ref, this.#caller.principal, this.#services.authority);
      },
      mayWrite: (ref) => mayWrite(ref, this.#caller.principal, this.#services.authority),
    };
  }

  #open(ref: RepositoryRef): OpenRepository | Promise<OpenRepository> {
    const take = ({ repository, release }: OpenedRepository) => {
      this.#releases.push(release);
      return repository;
    };
    const opened = this.#services.opener.open(ref, this.#caller, this.#caller.signal);
    return opened instanceof Promise ? opened.then(take) : take(opened);
  }

  #watchCredential(): void {
    const { caller, stop } = revocable(this.#caller, this.#services.onRevoked);
    this.#caller = caller;
    this.#releases.push(stop);
  }

  async #openOther(ref: RepositoryRef): Promise<OpenRepository> {
    await authoriseReading(ref, this.#caller.principal, this.#services.authority);
    return this.#open(ref);
  }

  async #borrow(ref: RepositoryRef): Promise<BorrowedRepository> {
    await authoriseReading(ref, this.#caller.principal, this.#services.authority);
    const { repository, release } = await this.#services.opener.open(ref, this.#caller, this.#caller.signal);
    let isGivenBack = false;
    const giveBack = async () => {
      if (isGivenBack) return;
      isGivenBack = true;
      const at = this.#releases.indexOf(giveBack);
      if (at >= 0) this.#releases.splice(at, 1);
      await release();
    };
    this.#releases.push(giveBack);
    return { repository, release: giveBack };
  }

  async #stage(ref: RepositoryRef, options: CreateOptions): Promise<OpenRepository> {
    await authoriseCreation(ref, this.#caller.principal, this.#services.authority);
    const staged = await this.#services.opener.stage(ref, options, this.#caller, this.#caller.signal);
    this.#releases.push(staged.release);
    return staged.repository;
  }

  /** The client's parts; while the next one is awaited, others may run. Throws `canceled` when the client goes, or its time is over. */
  waitingFor<P>(parts: AsyncIterable<P>): AsyncIterable<P> {
    return parts === NO_PARTS ? parts : this.#waitingFor(parts);
  }

  async *#waitingFor<P>(parts: AsyncIterable<P>): AsyncGenerator<P> {
    const wait = () => {
      this.awaitsPart = true;
      this.place?.lend();
    };
    const goOn = () => {
      this.awaitsPart = false;
      this.place?.takeBack();
    };
    wait();
    for await (const part of untilAborted(parts, this.#caller.signal)) {
      goOn();
      yield part;
      wait();
    }
    goOn();
  }

  /** At once where nothing that was taken takes its time to be given back. */
  leave(): void | Promise<void> {
    const released = this.#release();
    if (released instanceof Promise) return released.then(() => this.#record.end());
    this.#record.end();
  }

  async fail(error: unknown): Promise<unknown> {
    const told = explainEnd(error, this.#caller, this.#services.clock);
    await this.#release();
    this.#record.end(told);
    return told;
  }

  async abandon(): Promise<void> {
    await this.#release();
    // Only a client that has gone is a failure; a door may have read enough, as where a limit of its own is met.
    const isCanceled = this.#caller.signal.aborted && !this.#isSettled;
    this.#record.end(isCanceled ? new OperationError("canceled", {}) : undefined);
  }

  #release(): void | Promise<void> {
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      const released = release();
      if (released instanceof Promise) return released.then(() => this.#release());
    }
  }
}
