import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { DatabaseKind } from "../database.ts";
import { withId } from "./0001-accounts.ts";

/** Mirrors, and how far the events have been followed for them. */
export const mirrors = (kind: DatabaseKind): Migration => ({
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await withId(schema.createTable("mirrors"), kind)
      .addColumn("storage", "text", (column) => column.notNull())
      .addColumn("relative_path", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("direction", "text", (column) => column.notNull())
      .addColumn("url", "text", (column) => column.notNull())
      .addColumn("credential", "text")
      .addColumn("known_hosts", "text")
      .addColumn("interval_s", "integer")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("next_run_at_ms", "bigint")
      .addColumn("failures", "integer", (column) => column.notNull())
      .addColumn("last_run_at_ms", "bigint")
      .addColumn("last_success_at_ms", "bigint")
      .addColumn("problem", "text")
      .addUniqueConstraint("mirrors_name", ["storage", "relative_path", "name"])
      .execute();
    await schema.createIndex("mirrors_due").on("mirrors").column("next_run_at_ms").execute();
    await schema
      .createTable("mirror_cursor")
      .addColumn("id", "integer", (column) => column.notNull().primaryKey())
      .addColumn("event_id", "bigint", (column) => column.notNull())
      .execute();
  },
});
