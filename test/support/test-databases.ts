import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, type DatabaseKind, type DatabasePlace, openDatabase } from "../../src/database/database.ts";
import pg from "pg";

/** Both kinds of database: what is asked of one is asked of the other. */
export const DATABASES: readonly DatabaseKind[] = ["sqlite", "postgres"];

let made = 0;

/** A database of its own for one test. */
export interface TestDatabase {
  readonly place: DatabasePlace;
  /** As the setting has it; undefined for the file. */
  readonly url: string | undefined;
  open(): Promise<Database>;
  /** Cuts every connection to it, as a PostgreSQL that starts anew; for a file nothing. */
  disconnectAll(): Promise<void>;
  /** Removes it; what was opened has to be closed. */
  remove(): Promise<void>;
}

/** Makes an empty database. */
export function makeTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  return kind === "sqlite" ? makeFile() : makePostgres();
}

async function makeFile(): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-db-"));
  const place = { file: join(directory, "holdfast.db") };
  return {
    place,
    url: undefined,
    open: () => openDatabase(place),
    disconnectAll: async () => {},
    remove: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function makePostgres(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${made++}`;
  await administer(`create database ${name}`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  const place = { url: url.href };
  return {
    place,
    url: url.href,
    open: () => openDatabase(place),
    disconnectAll: () => administer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`),
    remove: () => administer(`drop database ${name} with (force)`),
  };
}

function serverUrl(): string {
  const url = process.env["TEST_POSTGRES_URL"];
  if (!url) throw new Error("no PostgreSQL: npm test starts one, and so does node scripts/postgres.mjs npx bun test …");
  return url;
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
