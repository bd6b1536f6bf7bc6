import { rename } from "node:fs/promises";
import type { CreateOptions, Repositories, StorageStatus } from "../contract/context.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { hasReason, OperationError } from "../domain/errors.ts";
import { createRepository, makeParents, refuseOccupied } from "./create-repository.ts";
import { translateFileError } from "../domain/file-error.ts";
import { flushParents } from "./flush.ts";
import { listRepositories } from "./list-repositories.ts";
import type { Pins } from "./pins.ts";
import { refuseAbsent, withdrawRepository } from "./remove-repository.ts";
import type { RepositoryLocator, RepositoryPlace } from "./repository-locator.ts";
import type { RepositoryLocks } from "./repository-locks.ts";
import { statusOfStorage } from "./storage-status.ts";
import type { Storages } from "./storages.ts";

export interface RepositoriesServices {
  readonly storages: Storages;
  readonly locator: RepositoryLocator;
  readonly locks: RepositoryLocks;
  readonly pins: Pins;
  /** Makes the backends give up what they keep open of a repository that is no longer there. */
  readonly forget: (gitDir: string) => Promise<void>;
  /** Told when the files of a removed repository could not be deleted: they go at the next start. */
  readonly onDeleteFailed: (gitDir: string, error: unknown) => void;
}

/** How a repository comes, goes, or gets another path. */
export type LifeStep =
  | { readonly kind: "created" | "deleted"; readonly place: RepositoryPlace }
  | { readonly kind: "renamed"; readonly place: RepositoryPlace; readonly from: RepositoryPlace };

/** Takes down what happens to repositories as wholes: called once nobody else can be in the way. */
export type RecordLife = (step: LifeStep, happen: () => Promise<void>) => Promise<void>;

/** Repositories as things to make, find and remove, in directories of the storages. */
export class StoredRepositories implements Repositories {
  readonly #services: RepositoriesServices;
  readonly #record: RecordLife;

  /** Cheap: one is made for each caller. */
  constructor(services: RepositoriesServices, record: RecordLife = (_step, happen) => happen()) {
    this.#services = services;
    this.#record = record;
  }

  storages(): Promise<readonly StorageStatus[]> {
    return Promise.all(this.#services.storages.all().map(statusOfStorage));
  }

  async exists(ref: RepositoryRef): Promise<boolean> {
    try {
      this.#services.locator.find(ref);
      return true;
    } catch (error) {
      if (hasReason(error, "repository_not_found") || hasReason(error, "repository_invalid")) return false;
      throw error;
    }
  }

  async create(ref: RepositoryRef, options: CreateOptions): Promise<void> {
    const { locator, locks } = this.#services;
    const place = locator.place(ref);
    const release = await locks.exclusive(place.key);
    try {
      refuseOccupied(place);
      await this.#record({ kind: "created", place }, () => createRepository(place, options));
    } catch (error) {
      throw translateFileError(error);
    } finally {
      release();
    }
  }

  async remove(ref: RepositoryRef, signal: AbortSignal): Promise<void> {
    const { locator, forget, onDeleteFailed } = this.#services;
    const place = locator.place(ref);
    refuseAbsent(place);
    let deleteFiles = async () => {};
    await this.#alone(place, signal, () => {
      // While this call waited, somebody else may have removed it.
      refuseAbsent(place);
      return this.#record({ kind: "deleted", place }, async () => {
        deleteFiles = await withdrawRepository(place);
        locator.lookAgain();
      });
    });
    await forget(place.gitDir);
    await deleteFiles().catch((error: unknown) => onDeleteFailed(place.gitDir, error));
  }

  async rename(ref: RepositoryRef, target: RepositoryRef, signal: AbortSignal): Promise<void> {
    const { locator, locks, pins, forget } = this.#services;
    const from = locator.find(ref);
    const to = locator.place(target);
    if (to.storage !== from.storage) throw new OperationError("unsupported", { what: "renaming to another storage" });
    await pins.alone(from.key, { signal }, async () => {
      const release = await locks.exclusiveAll([from.key, to.key], { signal });
      try {
        refuseMove(from, to);
        await this.#record({ kind: "renamed", place: to, from }, async () => {
          await moveRepository(from, to);
          locator.lookAgain();
        });
      } catch (error) {
        throw translateFileError(error);
      } finally {
        release();
      }
    });
    await forget(from.gitDir);
  }

  list(storage: string): AsyncIterable<string[]> {
    return listRepositories(this.#services.storages.present(storage));
  }

  /** Runs alone in a place: nobody has it pinned, nobody else holds its lock. */
  #alone<T>(place: RepositoryPlace, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    const { pins, locks } = this.#services;
    return pins.alone(place.key, { signal }, async () => {
      const release = await locks.exclusive(place.key, { signal });
      try {
        return await run();
      } finally {
        locks.table.bumpGeneration(locks.table.slotOf(place.key));
        release();
      }
    });
  }
}

function refuseMove(from: RepositoryPlace, to: RepositoryPlace): void {
  refuseAbsent(from);
  if (`${to.gitDir}/`.startsWith(`${from.gitDir}/`)) {
    throw new OperationError("repository_exists", { repository: to.relativePath });
  }
  refuseOccupied(to);
}

async function moveRepository(from: RepositoryPlace, to: RepositoryPlace): Promise<void> {
  const madeParents = await makeParents(to);
  await rename(from.gitDir, to.gitDir);
  await flushParents(from.gitDir, to.gitDir, ...madeParents);
}
