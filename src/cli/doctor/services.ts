import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import pg from "pg";
import type { Config } from "../../config.ts";
import { type Finding, good, problem, warning } from "./finding.ts";

const DATABASE_TIMEOUT_MS = 5_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Long enough before its end for somebody to renew a certificate. */
const EXPIRES_SOON_MS = 14 * DAY_MS;

/** Does the metadata database answer? One that is not there yet is made by the server. */
export async function checkDatabase(config: Config): Promise<Finding> {
  try {
    const found = config.databaseUrl === undefined ? askSqlite(config.data) : await askPostgres(config.databaseUrl);
    return good("database", found);
  } catch (error) {
    const advice =
      config.databaseUrl === undefined
        ? `give this account access to the file; restore it from a backup if it is damaged`
        : "start PostgreSQL, and look whether HOLDFAST_DATABASE_URL names its host, port, database, user and password";
    // Several addresses that all refuse are one error without a message of its own.
    const { message, code } = error as Error & { code?: string };
    return problem("database", message === "" ? (code ?? "does not answer") : message, advice);
  }
}

function askSqlite(data: string): string {
  const file = join(data, "holdfast.db");
  if (!existsSync(file)) return `SQLite; ${file} will be made`;
  const database = new Database(file, { readonly: true });
  try {
    database.query("select count(*) from sqlite_schema").get();
    return `SQLite, ${file}`;
  } finally {
    database.close();
  }
}

async function askPostgres(url: string): Promise<string> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: DATABASE_TIMEOUT_MS,
    query_timeout: DATABASE_TIMEOUT_MS,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>("show server_version");
    return `PostgreSQL ${rows[0]?.server_version ?? ""} answers`;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Can the certificate and its key be read, do they belong together, are they valid for a while? Nothing where none is configured. */
export function checkCertificate({ tlsCert, tlsKey }: Config): Finding | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const advice = "see HOLDFAST_TLS_CERT and HOLDFAST_TLS_KEY; a running server reads them again on SIGHUP";
  try {
    const certificate = new X509Certificate(readFileSync(tlsCert));
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(tlsKey))))
      return problem("certificate", `${tlsKey} is not the key of ${tlsCert}`, advice);
    const endsMs = Date.parse(certificate.validTo);
    const found = `${tlsCert} is valid until ${new Date(endsMs).toISOString()}`;
    if (endsMs < Date.now()) return problem("certificate", `${tlsCert} has expired`, `renew it; ${advice}`);
    if (endsMs < Date.now() + EXPIRES_SOON_MS) return warning("certificate", found, `renew it; ${advice}`);
    return good("certificate", found);
  } catch (error) {
    return problem("certificate", (error as Error).message, advice);
  }
}
