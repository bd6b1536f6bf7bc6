import { type CreateTableBuilder, type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { DatabaseKind } from "../database.ts";

/** Users with their keys and tokens, records of repositories, settings. */
export const accounts = (kind: DatabaseKind): Migration => ({
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await withId(schema.createTable("users"), kind)
      .addColumn("name", "text", (column) => column.notNull().unique())
      .addColumn("is_admin", "integer", (column) => column.notNull())
      .addColumn("display_name", "text", (column) => column.notNull())
      .addColumn("email", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await withId(schema.createTable("ssh_keys"), kind)
      .addColumn("user_id", "bigint", (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("fingerprint", "text", (column) => column.notNull().unique())
      .addColumn("type", "text", (column) => column.notNull())
      .addColumn("blob", "text", (column) => column.notNull())
      .addColumn("comment", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await schema.createIndex("ssh_keys_user").on("ssh_keys").column("user_id").execute();
    await withId(schema.createTable("tokens"), kind)
      .addColumn("user_id", "bigint", (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("hash", "text", (column) => column.notNull().unique())
      .addColumn("access", "text", (column) => column.notNull())
      .addColumn("repositories", "text")
      .addColumn("refs", "text")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("expires_at_ms", "bigint")
      .addColumn("last_used_at_ms", "bigint")
      .execute();
    await schema.createIndex("tokens_user").on("tokens").column("user_id").execute();
    await withId(schema.createTable("repositories"), kind)
      .addColumn("storage", "text", (column) => column.notNull())
      .addColumn("relative_path", "text", (column) => column.notNull())
      .addColumn("owner_id", "bigint", (column) => column.references("users.id").onDelete("set null"))
      .addColumn("is_private", "integer", (column) => column.notNull())
      .addColumn("description", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addUniqueConstraint("repositories_path", ["storage", "relative_path"])
      .execute();
    await schema.createIndex("repositories_owner").on("repositories").column("owner_id").execute();
    await schema
      .createTable("collaborators")
      .addColumn("repository_id", "bigint", (column) =>
        column.notNull().references("repositories.id").onDelete("cascade"),
      )
      .addColumn("user_id", "bigint", (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("level", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("collaborators_key", ["repository_id", "user_id"])
      .execute();
    await schema.createIndex("collaborators_user").on("collaborators").column("user_id").execute();
    await schema
      .createTable("protections")
      .addColumn("repository_id", "bigint", (column) =>
        column.notNull().references("repositories.id").onDelete("cascade"),
      )
      .addColumn("pattern", "text", (column) => column.notNull())
      .addColumn("no_force", "integer", (column) => column.notNull())
      .addColumn("no_delete", "integer", (column) => column.notNull())
      .addColumn("users", "text")
      .addColumn("applies_to_service", "integer", (column) => column.notNull())
      .addPrimaryKeyConstraint("protections_key", ["repository_id", "pattern"])
      .execute();
    await schema
      .createTable("settings")
      .addColumn("name", "text", (column) => column.notNull().primaryKey())
      .addColumn("value", "text", (column) => column.notNull())
      .execute();
  },
});

/**
 * An id that is never given twice. SQLite does that for this one spelling alone; PostgreSQL has its own. Names sort by their bytes in
 * SQLite: callers of PostgreSQL say `collate "C"` where order matters.
 */
export function withId<T extends string>(
  table: CreateTableBuilder<T>,
  kind: DatabaseKind,
): CreateTableBuilder<T, "id"> {
  if (kind === "sqlite") return table.addColumn("id", "integer", (column) => column.primaryKey().autoIncrement());
  return table.addColumn("id", sql`bigint`, (column) => column.generatedByDefaultAsIdentity().primaryKey());
}
