import { join } from "node:path";
import type { Config } from "../config.ts";
import { type Database, openDatabase } from "../database/database.ts";
import { openIdentity as open } from "../identity/open-identity.ts";
import type { CanonicalRef } from "../identity/repository-facts.ts";
import type { DataDirectory } from "../storage/data-directory.ts";
import type { RepositoryLocator } from "../storage/repository-locator.ts";
import { systemClock } from "../telemetry/clock.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { adminSecret } from "./admin-secret.ts";
import type { AddOpened } from "./opened.ts";

/** Opens the metadata database, and users and levels of access over it. */
export async function openIdentity(
  config: Config,
  { log }: Telemetry,
  data: DataDirectory,
  locator: RepositoryLocator,
  add: AddOpened,
) {
  const place =
    config.databaseUrl === undefined ? { file: join(data.path, "holdfast.db") } : { url: config.databaseUrl };
  const database = await openDatabase(place, {
    onIdleError: (err) => log.logger.warn({ err }, "connection to the database lost"),
  });
  add({ close: () => database.close() });
  const opened = await open({
    database,
    clock: systemClock,
    places: {
      canonical: (ref): CanonicalRef => ({
        storage: ref.storage,
        relativePath: locator.canonicalPath(ref),
        canonical: true,
      }),
      isThere: (ref) => locator.wasThere(ref),
    },
    configured: { anonAccess: config.anonAccess, allowKeyless: config.allowKeyless },
    adminSecret: adminSecret(data.path, config.adminToken),
    onWriteFailed: (err) => log.logger.warn({ err }, "times of last use not written"),
  });
  add(opened);
  return { database, ...opened };
}

/** The check of the database. Throws `database_unavailable` when it does not answer. */
export async function checkDatabase(database: Database): Promise<undefined> {
  await database.check();
}
