import { Database as BunDatabase, type SQLQueryBindings, type Statement } from "bun:sqlite";
import { chmodSync, closeSync, openSync } from "node:fs";
import { type Dialect, type SqliteDatabase, SqliteDialect } from "kysely";

const OWNER_ONLY = 0o600;
const BUSY_TIMEOUT_MS = 5000;
/** Statements that are kept compiled; there are far fewer kinds of query. */
const STATEMENTS_MAX = 200;

/** SQLite's file as Kysely wants it: made with mode 0600, durable at each commit. */
export function sqliteDialect(file: string): Dialect {
  if (file !== ":memory:") makePrivate(file);
  const database = new BunDatabase(file, { create: true, readwrite: true });
  database.run("pragma journal_mode = wal");
  // What was answered survives a power cut, as with references.
  database.run("pragma synchronous = full");
  database.run("pragma foreign_keys = on");
  database.run(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return new SqliteDialect({ database: new BunSqlite(database) });
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
