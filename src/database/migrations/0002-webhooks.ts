import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { DatabaseKind } from "../database.ts";
import { withId } from "./0001-accounts.ts";

/** Webhooks, what is on its way to them, and how far the events have been taken in. */
export const webhooks = (kind: DatabaseKind): Migration => ({
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await withId(schema.createTable("webhooks"), kind)
      .addColumn("storage", "text")
      .addColumn("relative_path", "text")
      .addColumn("url", "text", (column) => column.notNull())
      .addColumn("secret", "text", (column) => column.notNull())
      .addColumn("events", "text", (column) => column.notNull())
      .addColumn("is_active", "integer", (column) => column.notNull())
      .addColumn("since", "bigint", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await withId(schema.createTable("webhook_deliveries"), kind)
      .addColumn("webhook_id", "bigint", (column) => column.notNull().references("webhooks.id").onDelete("cascade"))
      .addColumn("event_id", "bigint", (column) => column.notNull())
      .addColumn("event", "text", (column) => column.notNull())
      .addColumn("body", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("attempts", "integer", (column) => column.notNull())
      .addColumn("next_attempt_at_ms", "bigint")
      .addColumn("status", "integer")
      .addColumn("response", "text")
      .addColumn("error", "text")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addUniqueConstraint("webhook_deliveries_once", ["webhook_id", "event_id"])
      .execute();
    await schema
      .createIndex("webhook_deliveries_due")
      .on("webhook_deliveries")
      .columns(["state", "next_attempt_at_ms"])
      .execute();
    await schema
      .createTable("webhook_cursor")
      .addColumn("id", "integer", (column) => column.notNull().primaryKey())
      .addColumn("event_id", "bigint", (column) => column.notNull())
      .execute();
  },
});
