import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Clones from other servers that run beside requests: the newest of each repository's name. */
export const clones = (): Migration => ({
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema
      .createTable("clones")
      .addColumn("storage", "text", (column) => column.notNull())
      .addColumn("relative_path", "text", (column) => column.notNull())
      .addColumn("owner", "text", (column) => column.notNull())
      .addColumn("url", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("started_at_ms", "bigint", (column) => column.notNull())
      .addColumn("ended_at_ms", "bigint")
      .addColumn("problem_reason", "text")
      .addColumn("problem_message", "text")
      .addPrimaryKeyConstraint("clones_place", ["storage", "relative_path"])
      .execute();
    await schema.createIndex("clones_end").on("clones").column("ended_at_ms").execute();
  },
});
