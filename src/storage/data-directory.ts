import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { tryLockFile } from "./flock.ts";
import { statIfThere } from "./file-stamp.ts";
import { flush, writeFlushed } from "./flush.ts";

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
  /** Gives the directory up. The lock file stays: removing it would let two others each lock a file of their own. */
  release(): void;
}

/**
 * Takes the data directory for this process: `flock` on `lock`, which ends with the process however it dies. Then checks
 * `format`: an older layout is migrated, a newer one refused. Throws DataDirectoryError.
 */
export async function openDataDirectory(path: string, migrations: Migrations = MIGRATIONS): Promise<DataDirectory> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lockFile = join(path, "lock");
  const fd = openSync(lockFile, "a+", 0o600);
  try {
    if (!tryLockFile(fd))
      throw new DataDirectoryError(`${path} is in use by another server (${describeOwner(lockFile)})`);
    writeOwner(fd, "starting");
    await bringUpToDate(path, migrations);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    path,
    announce: (address) => writeOwner(fd, address),
    release: () => closeSync(fd),
  };
}

function writeOwner(fd: number, address: string): void {
  ftruncateSync(fd, 0);
  // The file is open for appending, so that this lands at its beginning.
  writeSync(fd, `pid=${process.pid}\naddress=${address}\n`);
}

function describeOwner(lockFile: string): string {
  const text = readFileSync(lockFile, "utf8").trim();
  return text === "" ? "which does not say who it is" : text.replaceAll("\n", " ");
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
