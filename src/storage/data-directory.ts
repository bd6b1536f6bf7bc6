import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { statIfThere } from "./file-stamp.ts";
import { flush, writeFlushed } from "./flush.ts";
import { takeOwnerFile } from "./owner-file.ts";

/** The version of the data directory's layout that this program reads and writes. */
export const DATA_FORMAT = 1;

/** Steps from one version of the layout to the next, by the version they start from. */
export type Migrations = ReadonlyMap<number, (directory: string) => Promise<void>>;

const MIGRATIONS: Migrations = new Map();

/** Why a server cannot have a data directory; the message is for a person at a terminal. */
export class DataDirectoryError extends Error {
  override readonly name = "DataDirectoryError";
}

/** A data directory that this process owns. */
export interface DataDirectory {
  readonly path: string;
  /** Tells those who come later where the owner is reached. */
  announce(address: string): void;
  /** Gives the directory up. */
  release(): void;
}

/**
 * Takes the data directory for this process: `flock` on `lock`, which ends with the process however it dies. Then checks
 * `format`: an older layout is migrated, a newer one refused. Throws DataDirectoryError.
 */
export async function openDataDirectory(path: string, migrations: Migrations = MIGRATIONS): Promise<DataDirectory> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = takeOwnerFile(
    join(path, "lock"),
    (owner) => new DataDirectoryError(`${path} is in use by another server (${owner})`),
  );
  try {
    lock.write({ address: "starting" });
    await bringUpToDate(path, migrations);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    path,
    announce: (address) => lock.write({ address }),
    release: () => lock.release(),
  };
}

async function bringUpToDate(path: string, migrations: Migrations): Promise<void> {
  const file = join(path, "format");
  const text = statIfThere(file) === undefined ? undefined : readFileSync(file, "utf8").trim();
  if (text === undefined) return writeFormat(path, DATA_FORMAT);
  if (!/^\d+$/.test(text))
    throw new DataDirectoryError(`${file} does not hold a version: ${JSON.stringify(text.slice(0, 40))}`);
  const found = Number(text);
  if (found > DATA_FORMAT) {
    throw new DataDirectoryError(
      `${path} has format ${found}; this program reads up to ${DATA_FORMAT}. Use a newer one.`,
    );
  }
  for (let version = found; version < DATA_FORMAT; version++) {
    const migrate = migrations.get(version);
    if (migrate === undefined) throw new DataDirectoryError(`${path} has format ${version}, which cannot be migrated`);
    await migrate(path);
    await writeFormat(path, version + 1);
  }
}

async function writeFormat(path: string, version: number): Promise<void> {
  const file = join(path, "format");
  const written = `${file}.new`;
  rmSync(written, { force: true });
  await writeFlushed(written, `${version}\n`);
  renameSync(written, file);
  await flush(path);
}
