import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { GitBackend, QuarantinedView, RepositoryView } from "../backend/backend.ts";
import type { OpenRepository, Quarantine, ReceiveConfig, RefProposal, RefUpdate } from "../contract/context.ts";
import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { OperationError } from "../domain/errors.ts";
import type { ObjectFormat } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import type { Pin } from "../storage/pins.ts";
import { readReceiveConfig } from "../storage/repository-config.ts";
import type { LocatedRepository } from "../storage/repository-locator.ts";
import type { Release, RepositoryLocks } from "../storage/repository-locks.ts";
import type { StagedRepository } from "../storage/stage-repository.ts";
import type { DoorRequest } from "./door-request.ts";
import { PinnedView } from "./pinned-view.ts";
import type { RefDoor } from "./ref-door.ts";

/** What an open repository needs of the server. */
export interface PinnedRepositoryServices {
  readonly git: GitBackend;
  readonly locks: RepositoryLocks;
  readonly door: RefDoor;
  /** Records whose a staged repository is, before it comes to its place. */
  readonly recordCreation: <T>(ref: RepositoryRef, caller: Caller, publish: () => Promise<T>) => Promise<T>;
  /** Opens another repository for the same operation. */
  open(ref: RepositoryRef, caller: Caller, signal: AbortSignal): Promise<PinnedRepository>;
}

/** A repository while one operation works on it. */
export class PinnedRepository implements OpenRepository {
  readonly ref: RepositoryRef;
  readonly objectFormat: ObjectFormat;
  readonly view: RepositoryView;
  readonly git: GitBackend;
  readonly #services: PinnedRepositoryServices;
  readonly #request: DoorRequest;
  readonly #quarantines: QuarantinedView[] = [];
  readonly #others: PinnedRepository[] = [];
  readonly #pin: Pin;
  #readers = 0;
  #sharedHold: Release | undefined;

  /** `staging` is there for a repository that nobody else sees yet. */
  constructor(
    services: PinnedRepositoryServices,
    ref: RepositoryRef,
    located: LocatedRepository,
    pin: Pin,
    caller: Caller,
    signal: AbortSignal,
    staging?: StagedRepository,
  ) {
    this.#services = services;
    this.#pin = pin;
    this.ref = ref;
    this.objectFormat = located.objectFormat;
    this.view = new PinnedView(located, pin, signal);
    this.git = services.git;
    this.#request = { repository: located, git: services.git, caller, signal, staging };
  }

  consistently<T>(read: () => Promise<T>): Promise<T> {
    if (this.#readers > 0) return this.#read(read);
    const { key } = this.#request.repository;
    const hold = this.#services.locks.shared(key, { signal: this.#request.signal });
    if (hold instanceof Promise) return this.#readBehind(hold, read);
    return this.#readHolding(hold, read);
  }

  async open(ref: RepositoryRef): Promise<OpenRepository> {
    const { caller, signal, repository } = this.#request;
    const other = await this.#services.open(ref, caller, signal);
    if (other.#request.repository.key === repository.key) {
      await other.release();
      return this;
    }
    this.#others.push(other);
    return other;
  }

  async quarantine(): Promise<Quarantine> {
    const { quarantineDir } = this.#request.repository.storage;
    // Only a name: whoever writes the first file makes the directory, and many quarantines never need one.
    const directory = join(quarantineDir, `incoming-${randomBytes(12).toString("hex")}`);
    const view: QuarantinedView = { ...this.view, quarantineDir: directory };
    this.#quarantines.push(view);
    return { view };
  }

  async receiveConfig(): Promise<ReceiveConfig> {
    return readReceiveConfig(join(this.view.gitDir, "config"));
  }

  updateRefs(proposal: RefProposal): Promise<RefUpdate> {
    this.#refuseReaders();
    const { staging, caller } = this.#request;
    const update = () => this.#services.door.update(this.#request, proposal);
    if (staging === undefined || staging.isPublished) return update();
    return this.#services.recordCreation(this.ref, caller, update);
  }

  setHead(target: RefName): Promise<void> {
    this.#refuseReaders();
    return this.#services.door.setHead(this.#request, target);
  }

  /** Gives back what the operation had: quarantines, other repositories, last the pin. */
  release(): void | Promise<void> {
    const { staging } = this.#request;
    if (this.#quarantines.length === 0 && this.#others.length === 0 && staging === undefined)
      return this.#pin.release();
    return this.#releaseAll().finally(() => this.#pin.release());
  }

  async #releaseAll(): Promise<void> {
    const { quarantine } = this.git;
    // Without the operation's signal, which may be why the operation is over.
    const views = this.#quarantines.splice(0).map(({ signal: _, ...view }) => view);
    const discarded = views.map((view) => quarantine.discard(view));
    await Promise.all([...discarded, ...this.#others.splice(0).map((other) => other.release())]);
    const { staging } = this.#request;
    if (staging === undefined) return;
    this.git.forget(staging.located.gitDir);
    await staging.discard();
  }

  /** An operation that already holds the shared side reads on under it: behind a waiting writer a second hold would never come. */
  #readHolding<T>(hold: Release, read: () => Promise<T>): Promise<T> {
    if (this.#readers === 0) this.#sharedHold = hold;
    else hold();
    return this.#read(read);
  }

  async #readBehind<T>(hold: Promise<Release>, read: () => Promise<T>): Promise<T> {
    return this.#readHolding(await hold, read);
  }

  #read<T>(read: () => Promise<T>): Promise<T> {
    this.#readers++;
    const leave = () => {
      if (--this.#readers > 0) return;
      this.#sharedHold?.();
      this.#sharedHold = undefined;
    };
    let result: Promise<T>;
    try {
      result = read();
    } catch (error) {
      leave();
      throw error;
    }
    // Beside the result, not before it: the caller waits for nothing but the read.
    result.then(leave, leave);
    return result;
  }

  #refuseReaders(): void {
    if (this.#readers > 0)
      throw new OperationError("internal", { what: "references cannot change while they are read consistently" });
  }
}
