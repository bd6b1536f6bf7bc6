import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { tryLockFile } from "./flock.ts";

/** A locked file that says to whom a directory belongs. */
export interface OwnerFile {
  /** Tells those who come later about the owner: his process, and more facts by name. */
  write(facts?: Readonly<Record<string, string>>): void;
  /** Gives the lock up. The file stays: removing it would let two others each lock a file of their own. */
  release(): void;
}

/**
 * Takes a file for this process: `flock`, which ends with the process however it dies. Throws what `refusal` makes of the
 * owner's facts when another has it.
 */
export function takeOwnerFile(path: string, refusal: (owner: string) => Error): OwnerFile {
  const fd = openSync(path, "a+", 0o600);
  try {
    if (!tryLockFile(fd)) throw refusal(describeOwner(path));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    write(facts = {}) {
      const lines = Object.entries({ pid: process.pid, ...facts }).map(([name, value]) => `${name}=${value}\n`);
      ftruncateSync(fd, 0);
      // The file is open for appending, so that this lands at its beginning.
      writeSync(fd, lines.join(""));
    },
    release: () => closeSync(fd),
  };
}

function describeOwner(path: string): string {
  const text = readFileSync(path, "utf8").trim();
  return text === "" ? "which does not say who it is" : text.replaceAll("\n", " ");
}
