import { mkdir, rm } from "node:fs/promises";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { OperationError } from "../domain/errors.ts";
import { type OwnerFile, takeOwnerFile } from "./owner-file.ts";

/** The directory of a storage that is ours: no repository lives in it. */
const STATE_DIRECTORY = "+holdfast";

/** A directory that holds repositories. */
export interface Storage {
  readonly name: string;
  /** Absolute path as configured. */
  readonly root: string;
  /** Our own directory on the same file system: what is being made, quarantined or removed. */
  readonly stateDir: string;
  readonly temporaryDir: string;
  readonly quarantineDir: string;
  readonly removedDir: string;
}

/** Why a server cannot have a storage; the message is for a person at a terminal. */
export class StorageInUseError extends Error {
  override readonly name = "StorageInUseError";
}

/** The configured storages, by name. They belong to this process until they are closed. */
export class Storages {
  readonly #storages: ReadonlyMap<string, Storage>;
  readonly #locks: readonly OwnerFile[];

  constructor(storages: readonly Storage[], locks: readonly OwnerFile[]) {
    this.#storages = new Map(storages.map((storage) => [storage.name, storage]));
    this.#locks = locks;
  }

  all(): readonly Storage[] {
    return [...this.#storages.values()];
  }

  /** Throws `storage_unknown`. */
  get(name: string): Storage {
    const storage = this.#storages.get(name);
    if (storage === undefined) throw new OperationError("storage_unknown", { storage: name });
    return storage;
  }

  /** The storage, when its directory is there; throws `storage_unknown` and `storage_missing`. */
  present(name: string): Storage {
    const storage = this.get(name);
    if (!statSync(storage.root, { throwIfNoEntry: false })?.isDirectory()) {
      throw new OperationError("storage_missing", { storage: name });
    }
    return storage;
  }

  /** Gives the storages up; once nothing works in them any more. */
  close(): void {
    for (const lock of this.#locks) lock.release();
  }
}

/**
 * Takes the storages for this process and prepares their directories: whatever an earlier server left half made or half
 * removed goes. Throws StorageInUseError when another server has one of them, and then touches none.
 */
export async function createStorages(roots: ReadonlyMap<string, string>): Promise<Storages> {
  const storages = [...roots].map(([name, root]) => describeStorage(name, root));
  const locks: OwnerFile[] = [];
  try {
    for (const storage of storages) {
      const lock = take(storage);
      locks.push(lock);
      lock.write();
    }
    await Promise.all(storages.map(prepare));
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
  return new Storages(storages, locks);
}

/** Servers with data directories of their own may be given the same storage: each would remove what the other is making. */
function take({ name, root, stateDir }: Storage): OwnerFile {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  return takeOwnerFile(
    join(stateDir, "lock"),
    (owner) => new StorageInUseError(`storage ${name} at ${root} is in use by another server (${owner})`),
  );
}

function describeStorage(name: string, root: string): Storage {
  const stateDir = join(root, STATE_DIRECTORY);
  return {
    name,
    root,
    stateDir,
    temporaryDir: join(stateDir, "tmp"),
    quarantineDir: join(stateDir, "quarantine"),
    removedDir: join(stateDir, "removed"),
  };
}

async function prepare({ temporaryDir, quarantineDir, removedDir }: Storage): Promise<void> {
  await Promise.all(
    [temporaryDir, quarantineDir, removedDir].map(async (directory) => {
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }),
  );
}
