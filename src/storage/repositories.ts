import { rename } from "node:fs/promises";
import type { CreateOptions, Repositories, StorageStatus } from "../contract/context.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { hasReason, OperationError } from "../domain/errors.ts";
import { createRepository, makeParents } from "./create-repository.ts";
import { translateFileError } from "./file-error.ts";
import { lstatIfThere } from "./file-stamp.ts";
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

/** Repositories as things to make, find and remove, in directories of the storages. */
export function createRepositories(services: RepositoriesServices): Repositories {
  const { storages, locator, locks, pins } = services;

  /** Runs alone in a place: nobody has it pinned, nobody else holds its lock. */
  const alone = <T>(place: RepositoryPlace, signal: AbortSignal, run: () => Promise<T>): Promise<T> =>
    pins.alone(place.key, { signal }, async () => {
      const release = await locks.exclusive(place.key, { signal });
      try {
        return await run();
      } finally {
        locks.table.bumpGeneration(locks.table.slotOf(place.key));
        release();
      }
    });

  return {
    async storages(): Promise<readonly StorageStatus[]> {
      return Promise.all(storages.all().map(statusOfStorage));
    },

    async exists(ref: RepositoryRef): Promise<boolean> {
      try {
        locator.find(ref);
        return true;
      } catch (error) {
        if (hasReason(error, "repository_not_found") || hasReason(error, "repository_invalid")) return false;
        throw error;
      }
    },

    async create(ref: RepositoryRef, options: CreateOptions): Promise<void> {
      const place = locator.place(ref);
      const release = await locks.exclusive(place.key);
      try {
        await createRepository(place, options);
      } catch (error) {
        throw translateFileError(error);
      } finally {
        release();
      }
    },

    async remove(ref: RepositoryRef, signal: AbortSignal): Promise<void> {
      const place = locator.place(ref);
      refuseAbsent(place);
      const deleteFiles = await alone(place, signal, () => withdrawRepository(place));
      await services.forget(place.gitDir);
      await deleteFiles().catch((error: unknown) => services.onDeleteFailed(place.gitDir, error));
    },

    async rename(ref: RepositoryRef, target: RepositoryRef, signal: AbortSignal): Promise<void> {
      const from = locator.find(ref);
      const to = locator.place(target);
      if (to.storage !== from.storage) throw new OperationError("unsupported", { what: "renaming to another storage" });
      await pins.alone(from.key, { signal }, async () => {
        const release = await locks.exclusiveAll([from.key, to.key], { signal });
        try {
          await moveRepository(from, to);
        } catch (error) {
          throw translateFileError(error);
        } finally {
          release();
        }
      });
      await services.forget(from.gitDir);
    },

    list(storage: string): AsyncIterable<string[]> {
      return listRepositories(storages.present(storage));
    },
  };
}

async function moveRepository(from: RepositoryPlace, to: RepositoryPlace): Promise<void> {
  refuseAbsent(from);
  if (`${to.gitDir}/`.startsWith(`${from.gitDir}/`) || lstatIfThere(to.gitDir) !== undefined) {
    throw new OperationError("repository_exists", { repository: to.relativePath });
  }
  const madeParents = await makeParents(to);
  await rename(from.gitDir, to.gitDir);
  await flushParents(from.gitDir, to.gitDir, ...madeParents);
}
