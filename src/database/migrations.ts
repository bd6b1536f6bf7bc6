import type { Migration, MigrationProvider } from "kysely/migration";
import type { DatabaseKind } from "./database.ts";
import { accounts } from "./migrations/0001-accounts.ts";
import { webhooks } from "./migrations/0002-webhooks.ts";
import { idempotency } from "./migrations/0003-idempotency.ts";
import { sessions } from "./migrations/0004-sessions.ts";
import { mirrors } from "./migrations/0005-mirrors.ts";
import { clones } from "./migrations/0006-clones.ts";

/** Every migration, by its name; they run in the order of names, and what has run once is never changed again. */
const MIGRATIONS: Readonly<Record<string, (kind: DatabaseKind) => Migration>> = {
  "0001-accounts": accounts,
  "0002-webhooks": webhooks,
  "0003-idempotency": idempotency,
  "0004-sessions": sessions,
  "0005-mirrors": mirrors,
  "0006-clones": clones,
};

/** The migrations of one kind of database. */
export function migrationsFor(kind: DatabaseKind): MigrationProvider {
  const named = Object.entries(MIGRATIONS).map(([name, make]) => [name, make(kind)] as const);
  return { getMigrations: async () => Object.fromEntries(named) };
}
