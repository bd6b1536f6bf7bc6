import { type Dialect, PostgresDialect } from "kysely";
import pg from "pg";

const CONNECTIONS_MAX = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const QUERY_TIMEOUT_MS = 30_000;
/** Type of 64-bit integers, and of what `count` answers. */
const INT8 = 20;

/** PostgreSQL as Kysely wants it. `onIdleError` is told of connections that broke while nobody used them. */
export function postgresDialect(url: string, onIdleError: (error: unknown) => void): Dialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A database that does not answer keeps nobody waiting for ever.
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: QUERY_TIMEOUT_MS,
    application_name: "holdfast",
    types: { getTypeParser: typeParser },
  });
  // Without a listener, a database that restarts would end this process.
  pool.on("error", onIdleError);
  return new PostgresDialect({ pool });
}

/** 64-bit integers as numbers: ours stay below 2^53. */
const typeParser: typeof pg.types.getTypeParser = ((oid: number, format?: "text" | "binary") =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text")) as typeof pg.types.getTypeParser;
