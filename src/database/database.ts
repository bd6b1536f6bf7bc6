import { Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { OperationError } from "../domain/errors.ts";
import { isUnavailable } from "./database-error.ts";
import { migrationsFor } from "./migrations.ts";
import { postgresDialect } from "./postgres.ts";
import type { Schema } from "./schema.ts";
import { SoleUse } from "./sole-use.ts";
import { openSqlite, type SqliteFile } from "./sqlite.ts";
import type { FileSync, SqliteLog } from "./sqlite-log.ts";
import { WriteWatch } from "./write-watch.ts";

export type DatabaseKind = "sqlite" | "postgres";

/** Where the database is. */
export type DatabasePlace = { readonly file: string } | { readonly url: string };

/** Typed queries on the metadata database, the same for both kinds. */
export interface Database {
  readonly kind: DatabaseKind;
  /**
   * Runs queries. Throws `database_unavailable` where the database cannot be reached; a violated constraint comes through
   * (`isUniqueViolation`).
   */
  run<T>(queries: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** Runs queries of which all or none take effect. */
  transaction<T>(queries: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** Throws `database_unavailable` when the database does not answer, or another server may have it. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Why a server cannot have its database; the message is for a person at a terminal. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
}

/** A server that was killed may still be connected for a moment. */
const PATIENCE_MS = 15_000;

export interface DatabaseOptions {
  /** Told of what went wrong while nobody waited for it: a connection that broke, SQLite's log that could not be copied. */
  readonly onIdleError?: (error: unknown) => void;
  /** How long a PostgreSQL that another server uses is waited for, milliseconds. */
  readonly patienceMs?: number;
  /** How SQLite's log is flushed; absent: fdatasync(2), on another thread. */
  readonly sync?: FileSync;
}

/** Opens the database and brings its tables up to date. Throws DatabaseError for one that cannot be reached or is of a newer version. */
export async function openDatabase(place: DatabasePlace, options: DatabaseOptions = {}): Promise<Database> {
  const { onIdleError = () => {}, patienceMs = PATIENCE_MS } = options;
  const kind: DatabaseKind = "file" in place ? "sqlite" : "postgres";
  const name = "file" in place ? place.file : withoutPassword(place.url);
  let db: Kysely<Schema> | undefined;
  let soleUse: SoleUse | undefined;
  let sqlite: SqliteFile | undefined;
  try {
    if ("url" in place) soleUse = await SoleUse.take(place.url, patienceMs, onIdleError);
    if ("file" in place) sqlite = openSqlite(place.file, { onCopyFailed: onIdleError, sync: options.sync });
    const dialect = "url" in place ? postgresDialect(place.url, onIdleError) : sqlite!.dialect;
    db = new Kysely<Schema>({ dialect });
    await migrate(db, kind);
    await sqlite?.log?.flush();
  } catch (error) {
    await db?.destroy();
    await soleUse?.close();
    throw new DatabaseError(`the database ${name} cannot be used: ${problemOf(error)}`, { cause: error });
  }
  return new KyselyDatabase(kind, db, soleUse, sqlite?.log);
}

class KyselyDatabase implements Database {
  readonly kind: DatabaseKind;
  readonly #db: Kysely<Schema>;
  readonly #soleUse: SoleUse | undefined;
  readonly #log: SqliteLog | undefined;

  constructor(kind: DatabaseKind, db: Kysely<Schema>, soleUse: SoleUse | undefined, log: SqliteLog | undefined) {
    this.kind = kind;
    this.#db = db;
    this.#soleUse = soleUse;
    this.#log = log;
  }

  async run<T>(queries: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    try {
      const log = this.#log;
      if (log === undefined) return await queries(this.#db);
      const watch = new WriteWatch(() => log.check());
      const answer = await queries(this.#db.withPlugin(watch));
      if (watch.hasWritten) await log.flush();
      return answer;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      throw new OperationError("database_unavailable", {}, { cause: error });
    }
  }

  transaction<T>(queries: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.run((db) => db.transaction().execute(queries));
  }

  async check(): Promise<void> {
    await this.run((db) => db.selectNoFrom(sql`1`.as("one")).execute());
    if (this.#soleUse?.isHeld === false) throw new OperationError("database_unavailable", {});
    this.#log?.check();
  }

  async close(): Promise<void> {
    await this.#log?.close();
    await this.#db.destroy();
    await this.#soleUse?.close();
  }
}

async function migrate(db: Kysely<Schema>, kind: DatabaseKind): Promise<void> {
  const migrator = new Migrator({ db, provider: migrationsFor(kind) });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined)
    throw error instanceof Error ? error : new Error("the tables cannot be migrated", { cause: error });
}

/** A URL as it may be shown. */
function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^:@/]*):[^@]*@/, "$1:…@").replace(/([?&]password=)[^&]*/i, "$1…");
}

/** pg's own errors can be empty: several addresses were tried, and each has its error. */
function problemOf(error: unknown): string {
  const errors = error instanceof AggregateError ? (error.errors as Error[]) : [error as Error];
  return errors.map(({ message }) => message.split("\n", 1)[0]).join("; ") || String(error);
}
