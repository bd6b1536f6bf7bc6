import { mkdir, rm } from "node:fs/promises";
import { statSync } from "node:fs";
import { join } from "node:path";
import { OperationError } from "../domain/errors.ts";

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

/** The configured storages, by name. */
export class Storages {
  readonly #storages: ReadonlyMap<string, Storage>;

  constructor(storages: readonly Storage[]) {
    this.#storages = new Map(storages.map((storage) => [storage.name, storage]));
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
}

/**
 * Prepares the storages' directories. Whatever an earlier server left half made or half removed goes; call it only while
 * owning the data directory.
 */
export async function createStorages(roots: ReadonlyMap<string, string>): Promise<Storages> {
  const storages = [...roots].map(([name, root]) => describeStorage(name, root));
  await Promise.all(storages.map(prepare));
  return new Storages(storages);
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
