import { Database as BunDatabase, type SQLQueryBindings, type Statement } from "bun:sqlite";
import { chmodSync, closeSync, openSync } from "node:fs";
import { type Dialect, type SqliteDatabase, SqliteDialect } from "kysely";
import { LOG_PAGES_MAX, SqliteLog, type SqliteLogOptions } from "./sqlite-log.ts";

const OWNER_ONLY = 0o600;
const BUSY_TIMEOUT_MS = 5000;
/**
 * A log that is written to without a pause is never copied whole by another thread, and begins anew only then. With so many pages SQLite
 * copies the rest itself, at a commit.
 */
const LOG_PAGES_HARD_MAX = 8 * LOG_PAGES_MAX;
/** Statements that are kept compiled; there are far fewer kinds of query. */
const STATEMENTS_MAX = 200;

/** SQLite's file as Kysely wants it, and what makes its commits durable: nothing does for one in memory. */
export interface SqliteFile {
  readonly dialect: Dialect;
  readonly log?: SqliteLog;
}

/** What a file of SQLite's is opened with. */
export type SqliteOptions = Pick<SqliteLogOptions, "onCopyFailed" | "sync">;

/** Opens SQLite's file, made with mode 0600. Who has written waits for its log. */
export function openSqlite(file: string, options: SqliteOptions): SqliteFile {
  const inMemory = file === ":memory:";
  if (!inMemory) makePrivate(file);
  const database = new BunDatabase(file, { create: true, readwrite: true });
  database.run("pragma journal_mode = wal");
  // The log is flushed by whoever has written, not by each commit: SqliteLog.
  database.run("pragma synchronous = normal");
  database.run(`pragma wal_autocheckpoint = ${LOG_PAGES_HARD_MAX}`);
  database.run("pragma foreign_keys = on");
  database.run(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
  const dialect = new SqliteDialect({ database: new BunSqlite(database) });
  if (inMemory) return { dialect };
  const state = database.prepare<{ log: number; checkpointed: number }, []>("pragma wal_checkpoint(noop)");
  const pagesLeft = () => {
    const { log = 0, checkpointed = 0 } = state.get() ?? {};
    return log - checkpointed;
  };
  return { dialect, log: new SqliteLog({ ...options, file, pagesLeft }) };
}

/** The files beside it (-wal, -shm) take its mode. */
function makePrivate(file: string): void {
  closeSync(openSync(file, "a", OWNER_ONLY));
  chmodSync(file, OWNER_ONLY);
}

/** Bun's SQLite behind the few functions of better-sqlite3 that Kysely calls. */
class BunSqlite implements SqliteDatabase {
  readonly #database: BunDatabase;
  readonly #statements = new Map<string, Statement>();

  constructor(database: BunDatabase) {
    this.#database = database;
  }

  prepare(sql: string): ReturnType<SqliteDatabase["prepare"]> {
    const statement = this.#statement(sql);
    const bindings = (parameters: readonly unknown[]) => parameters as SQLQueryBindings[];
    return {
      reader: statement.columnNames.length > 0,
      all: (parameters) => statement.all(...bindings(parameters)),
      run: (parameters) => statement.run(...bindings(parameters)),
      iterate: (parameters) => statement.iterate(...bindings(parameters)) as IterableIterator<unknown>,
    };
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement !== undefined) return statement;
    if (this.#statements.size >= STATEMENTS_MAX) {
      for (const kept of this.#statements.values()) kept.finalize();
      this.#statements.clear();
    }
    statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
