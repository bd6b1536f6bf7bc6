import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { DatabaseKind } from "../database.ts";

/** Worktree sessions. */
export const sessions = (_kind: DatabaseKind): Migration => ({
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema
      .createTable("sessions")
      .addColumn("id", "text", (column) => column.notNull().primaryKey())
      .addColumn("storage", "text", (column) => column.notNull())
      .addColumn("relative_path", "text", (column) => column.notNull())
      .addColumn("owner", "text", (column) => column.notNull())
      // The owner where it is his default session; null otherwise, which is like no other null.
      .addColumn("default_of", "text")
      .addColumn("branch", "text", (column) => column.notNull())
      .addColumn("base_oid", "text", (column) => column.notNull())
      .addColumn("head_oid", "text", (column) => column.notNull())
      .addColumn("is_lazy", "integer", (column) => column.notNull())
      .addColumn("is_pushing", "integer", (column) => column.notNull())
      .addColumn("is_gone", "integer", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
      .addColumn("dirty_since_ms", "bigint")
      .addColumn("commit_due_at_ms", "bigint")
      .addColumn("problem", "text")
      .addUniqueConstraint("sessions_default", ["storage", "relative_path", "default_of"])
      .execute();
    await schema.createIndex("sessions_owner").on("sessions").column("owner").execute();
    await schema.createIndex("sessions_expiry").on("sessions").column("expires_at_ms").execute();
    await schema.createIndex("sessions_due").on("sessions").column("commit_due_at_ms").execute();
  },
});
