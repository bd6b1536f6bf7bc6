import { closeSync, fdatasync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { OperationError } from "../domain/errors.ts";
import { SharedFlush } from "../domain/shared-flush.ts";

const flushData = promisify(fdatasync);

/** Pages in the log above which they are copied into the file. */
export const LOG_PAGES_MAX = 1000;

export interface SqliteLogOptions {
  /** The database's file; its log is the one beside it. */
  readonly file: string;
  /** How many pages stand in the log that are not in the file yet. */
  readonly pagesLeft: () => number;
  /** Told why pages could not be copied: the log grows meanwhile, nothing is lost. */
  readonly onCopyFailed: (error: unknown) => void;
  /** Absent: fdatasync(2), on another thread. */
  readonly sync?: FileSync | undefined;
}

/** Flushes a file, by its descriptor. */
export type FileSync = (descriptor: number) => Promise<void>;

/**
 * SQLite's write-ahead log, made durable beside the event loop. SQLite itself would wait for the disk at each commit on the one thread that
 * serves everybody; so it is told not to, and whoever has written waits here, with all others that have. Reads may see what is about to be
 * flushed. Every so often a thread of its own copies the log's pages into the file, for the same reason.
 */
export class SqliteLog {
  readonly #options: SqliteLogOptions;
  readonly #flush: SharedFlush;
  #descriptor: number | undefined;
  #copying: Promise<void> | undefined;

  constructor(options: SqliteLogOptions) {
    this.#options = options;
    const { sync = flushData } = options;
    // One and the same file as long as the database is open.
    this.#flush = new SharedFlush(() => sync((this.#descriptor ??= openLog(options.file))));
  }

  /** Throws `database_unavailable` after a flush has failed: nothing that is written then is certain until the server starts anew. */
  check(): void {
    if (this.#flush.isBroken) throw new OperationError("database_unavailable", {});
  }

  /** Waits until all that was committed is on the disk. Throws `database_unavailable` when that failed, now or ever before. */
  async flush(): Promise<void> {
    try {
      await this.#flush.flush();
    } catch (error) {
      throw new OperationError("database_unavailable", {}, { cause: error });
    }
    if (this.#copying === undefined && this.#options.pagesLeft() > LOG_PAGES_MAX) this.#copying = this.#copy();
  }

  async close(): Promise<void> {
    await this.#copying;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  async #copy(): Promise<void> {
    try {
      await copyPages(this.#options.file);
    } catch (error) {
      this.#options.onCopyFailed(error);
    } finally {
      this.#copying = undefined;
    }
  }
}

/** Opens the log beside the file; that it is there at all is on the disk then. */
function openLog(file: string): number {
  const descriptor = openSync(`${file}-wal`, "r");
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return descriptor;
}

/** Copies the log's pages into the file, on a thread of its own. */
function copyPages(file: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const worker = new Worker(new URL("./sqlite-log-copier.ts", import.meta.url).href);
  worker.addEventListener("message", () => resolve());
  worker.addEventListener("error", (event) => reject(new Error(`the log could not be copied: ${event.message}`)));
  worker.addEventListener("close", () => reject(new Error("the log could not be copied: its thread has ended")));
  worker.postMessage(file);
  return promise.finally(() => worker.terminate());
}
