import type { GitBackend } from "../backend/backend.ts";
import type { CreateOptions, OpenRepository } from "../contract/context.ts";
import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Journal } from "../events/journal.ts";
import { translateFileError } from "../domain/file-error.ts";
import type { Pin, Pins } from "../storage/pins.ts";
import type { LocatedRepository, RepositoryLocator } from "../storage/repository-locator.ts";
import type { RepositoryLocks } from "../storage/repository-locks.ts";
import { StagedRepository } from "../storage/stage-repository.ts";
import { withPatientMaintenance } from "./patient-maintenance.ts";
import { PinnedRepository } from "./pinned-repository.ts";
import { PinnedView } from "./pinned-view.ts";
import type { RefDoor } from "./ref-door.ts";
import { withVisibleRevisions } from "./visible-revisions.ts";

export interface RepositoryOpenerServices {
  readonly locator: RepositoryLocator;
  readonly locks: RepositoryLocks;
  readonly pins: Pins;
  readonly door: RefDoor;
  readonly git: GitBackend;
  /** Remembers which repositories are being worked on. */
  readonly journal: Pick<Journal, "begin" | "end">;
  /** Checks that the caller may read a repository that an operation opens beside its own. */
  readonly authorise: (ref: RepositoryRef, caller: Caller) => void | Promise<void>;
  /** May the caller see all that is in a repository, hidden references included? */
  readonly seesAll: (ref: RepositoryRef, caller: Caller) => boolean | Promise<boolean>;
  /** Records whose a staged repository is, before it comes to its place. */
  readonly recordCreation: <T>(
    ref: RepositoryRef,
    caller: Caller,
    publish: () => Promise<T>,
    options: Pick<CreateOptions, "private">,
  ) => Promise<T>;
}

/** A repository that was opened, and what gives it back. */
export interface OpenedRepository {
  readonly repository: OpenRepository;
  release(): void | Promise<void>;
}

/** Opens repositories for operations: finds, checks and pins them. */
export interface RepositoryOpener {
  open(ref: RepositoryRef, caller: Caller, signal: AbortSignal): OpenedRepository | Promise<OpenedRepository>;
  /** Makes an empty repository that nobody else sees until its references move. */
  stage(ref: RepositoryRef, options: CreateOptions, caller: Caller, signal: AbortSignal): Promise<OpenedRepository>;
  validate(ref: RepositoryRef): void;
}

const handOver = (repository: PinnedRepository): OpenedRepository => ({
  repository,
  release: () => repository.release(),
});

/** Other programs of the service, and the server itself, see what the disk holds. */
const isTrusted = ({ principal }: Caller): boolean => principal.kind === "service" || principal.kind === "control";

/** Binds storage and the ref door to what operations see of a repository. */
export function createRepositoryOpener(services: RepositoryOpenerServices): RepositoryOpener {
  const { locator, locks, pins, door } = services;
  const git = withPatientMaintenance(services.git, pins, (view) => PinnedView.ownPinOf(view), services.journal);
  const visibleTo = withVisibleRevisions(git);
  const bound = {
    git,
    locks,
    door,
    open: openOther,
    recordCreation: <T>(ref: RepositoryRef, caller: Caller, publish: () => Promise<T>) =>
      services.recordCreation(ref, caller, publish, {}),
  };

  function open(ref: RepositoryRef, caller: Caller, signal: AbortSignal): PinnedRepository | Promise<PinnedRepository> {
    const located = locator.findNow(ref);
    const pin = pins.pin(located.key, signal);
    return pin instanceof Promise
      ? pin.then((pin) => openBehind(pin, ref, caller, signal))
      : pinned(located, pin, ref, caller, signal);
  }

  /** It was about to be removed or renamed: look whether it is still there. */
  function openBehind(pin: Pin, ref: RepositoryRef, caller: Caller, signal: AbortSignal): PinnedRepository {
    try {
      return pinned(locator.find(ref), pin, ref, caller, signal);
    } catch (error) {
      pin.release();
      throw error;
    }
  }

  function pinned(
    located: LocatedRepository,
    pin: Pin,
    ref: RepositoryRef,
    caller: Caller,
    signal: AbortSignal,
  ): PinnedRepository {
    const seen = isTrusted(caller)
      ? bound
      : { ...bound, git: visibleTo(located.gitDir, () => services.seesAll(ref, caller)) };
    return new PinnedRepository(seen, ref, located, pin, caller, signal);
  }

  async function openOther(ref: RepositoryRef, caller: Caller, signal: AbortSignal): Promise<PinnedRepository> {
    await services.authorise(ref, caller);
    return open(ref, caller, signal);
  }

  async function stage(
    ref: RepositoryRef,
    options: CreateOptions,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<PinnedRepository> {
    const place = locator.place(ref);
    const pin = await pins.pin(place.key, signal);
    try {
      const staged = await StagedRepository.make(place, options);
      const privacy = options.private === undefined ? {} : { private: options.private };
      const own = {
        ...bound,
        recordCreation: <T>(ref: RepositoryRef, caller: Caller, publish: () => Promise<T>) =>
          services.recordCreation(ref, caller, publish, privacy),
      };
      return new PinnedRepository(own, ref, staged.located, pin, caller, signal, staged);
    } catch (error) {
      pin.release();
      throw translateFileError(error);
    }
  }

  return {
    async stage(ref, options, caller, signal) {
      const repository = await stage(ref, options, caller, signal);
      return { repository, release: () => repository.release() };
    },
    validate: (ref) => locator.validate(ref),
    open(ref, caller, signal) {
      const opened = open(ref, caller, signal);
      return opened instanceof Promise ? opened.then(handOver) : handOver(opened);
    },
  };
}
