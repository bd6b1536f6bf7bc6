import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What came of writes that had an idempotency key. */
export const idempotency = (): Migration => ({
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema
      .createTable("idempotency_keys")
      .addColumn("id", "text", (column) => column.notNull().primaryKey())
      .addColumn("operation", "text", (column) => column.notNull())
      .addColumn("input_hash", "text", (column) => column.notNull())
      .addColumn("outcome", "text")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await schema.createIndex("idempotency_keys_age").on("idempotency_keys").column("created_at_ms").execute();
  },
});
