import type { Selectable } from "kysely";
import type {
  AttemptResult,
  DeliveryRecord,
  DeliveryState,
  DueDelivery,
  ListeningHook,
  NewDelivery,
  NewWebhook,
  RepositoryMove,
  WebhookChange,
  WebhookRecord,
  WebhookStore,
} from "../contract/webhooks.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Database } from "./database.ts";
import type { WebhookDeliveriesTable, WebhooksTable } from "./schema.ts";

const CURSOR_ID = 1;
/** Where the hooks of a deleted repository are, as long as something is on its way to them. */
const NOWHERE: RepositoryRef = { storage: "", relativePath: "" };
/** Rows of one insert: SQLite takes 32,766 values, and a push may be of many references. */
const INSERT_ROWS_MAX = 500;

/** Hooks and deliveries in the metadata database. */
export class DatabaseWebhookStore implements WebhookStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(hook: NewWebhook, since: bigint, nowMs: number): Promise<WebhookRecord> {
    const row = {
      storage: hook.repository?.storage ?? null,
      relative_path: hook.repository?.relativePath ?? null,
      url: hook.url,
      secret: hook.secret,
      events: JSON.stringify(hook.events),
      is_active: hook.active ? 1 : 0,
      since: Number(since),
      created_at_ms: nowMs,
    };
    const { id } = await this.#database.run((db) =>
      db.insertInto("webhooks").values(row).returning("id").executeTakeFirstOrThrow(),
    );
    return hookOf({ ...row, id });
  }

  async list(): Promise<readonly ListeningHook[]> {
    const rows = await this.#database.run((db) => db.selectFrom("webhooks").selectAll().orderBy("id").execute());
    return rows.map((row) => ({ ...hookOf(row), since: BigInt(row.since) }));
  }

  async update(id: number, { url, secret, events, active }: WebhookChange): Promise<void> {
    const change = {
      ...(url === undefined ? {} : { url }),
      ...(secret === undefined ? {} : { secret }),
      ...(events === undefined ? {} : { events: JSON.stringify(events) }),
      ...(active === undefined ? {} : { is_active: active ? 1 : 0 }),
    };
    if (Object.keys(change).length === 0) return;
    await this.#database.run((db) => db.updateTable("webhooks").set(change).where("id", "=", id).execute());
  }

  async remove(id: number): Promise<void> {
    await this.#database.run((db) => db.deleteFrom("webhooks").where("id", "=", id).execute());
  }

  async cursor(): Promise<bigint | undefined> {
    const row = await this.#database.run((db) =>
      db.selectFrom("webhook_cursor").select("event_id").where("id", "=", CURSOR_ID).executeTakeFirst(),
    );
    return row === undefined ? undefined : BigInt(row.event_id);
  }

  async enqueue(
    deliveries: readonly NewDelivery[],
    cursor: bigint,
    nowMs: number,
    move?: RepositoryMove,
  ): Promise<void> {
    const rows = deliveries.map(({ webhookId, eventId, event, body }) => ({
      webhook_id: webhookId,
      event_id: Number(eventId),
      event,
      body,
      state: "pending" as const,
      attempts: 0,
      next_attempt_at_ms: nowMs,
      status: null,
      response: null,
      error: null,
      created_at_ms: nowMs,
    }));
    await this.#database.transaction(async (db) => {
      for (let at = 0; at < rows.length; at += INSERT_ROWS_MAX) {
        await db
          .insertInto("webhook_deliveries")
          .values(rows.slice(at, at + INSERT_ROWS_MAX))
          // What a server that died had taken in already.
          .onConflict((conflict) => conflict.columns(["webhook_id", "event_id"]).doNothing())
          .execute();
      }
      await db
        .insertInto("webhook_cursor")
        .values({ id: CURSOR_ID, event_id: Number(cursor) })
        .onConflict((conflict) => conflict.column("id").doUpdateSet({ event_id: Number(cursor) }))
        .execute();
      if (move === undefined) return;
      const to = move.to ?? NOWHERE;
      await db
        .updateTable("webhooks")
        .set({ storage: to.storage, relative_path: to.relativePath })
        .where("storage", "=", move.from.storage)
        .where("relative_path", "=", move.from.relativePath)
        .execute();
    });
  }

  due(
    nowMs: number,
    limit: number,
    { ids, urls }: { readonly ids: readonly number[]; readonly urls: readonly string[] },
  ): Promise<readonly DueDelivery[]> {
    return this.#database.run((db) => {
      let query = db
        .selectFrom("webhook_deliveries as d")
        .innerJoin("webhooks as h", "h.id", "d.webhook_id")
        .select(["d.id", "d.event", "d.body", "d.attempts", "h.url", "h.secret"])
        .where("d.state", "=", "pending")
        .where("d.next_attempt_at_ms", "<=", nowMs)
        .where("h.is_active", "=", 1);
      if (ids.length > 0) query = query.where("d.id", "not in", ids);
      if (urls.length > 0) query = query.where("h.url", "not in", urls);
      return query.orderBy("d.next_attempt_at_ms").orderBy("d.id").limit(limit).execute();
    });
  }

  async nextDueAtMs(nowMs: number): Promise<number | undefined> {
    const row = await this.#database.run((db) =>
      db
        .selectFrom("webhook_deliveries as d")
        .innerJoin("webhooks as h", "h.id", "d.webhook_id")
        .select("d.next_attempt_at_ms")
        .where("d.state", "=", "pending")
        .where("d.next_attempt_at_ms", ">", nowMs)
        .where("h.is_active", "=", 1)
        .orderBy("d.next_attempt_at_ms")
        .limit(1)
        .executeTakeFirst(),
    );
    return row?.next_attempt_at_ms ?? undefined;
  }

  async finish(id: number, { state, nextAttemptAtMs, status, response, error }: AttemptResult): Promise<void> {
    await this.#database.run((db) =>
      db
        .updateTable("webhook_deliveries")
        .set(({ eb }) => ({
          state,
          attempts: eb("attempts", "+", 1),
          next_attempt_at_ms: nextAttemptAtMs ?? null,
          status: status ?? null,
          response: response ?? null,
          error: error ?? null,
        }))
        .where("id", "=", id)
        .execute(),
    );
  }

  async deliveries(
    webhookId: number,
    { limit, before }: { limit: number; before?: number },
  ): Promise<readonly DeliveryRecord[]> {
    const rows = await this.#database.run((db) => {
      let query = db.selectFrom("webhook_deliveries").selectAll().where("webhook_id", "=", webhookId);
      if (before !== undefined) query = query.where("id", "<", before);
      return query.orderBy("id", "desc").limit(limit).execute();
    });
    return rows.map(deliveryOf);
  }

  async delivery(webhookId: number, id: number): Promise<DeliveryRecord | undefined> {
    const row = await this.#database.run((db) =>
      db
        .selectFrom("webhook_deliveries")
        .selectAll()
        .where("webhook_id", "=", webhookId)
        .where("id", "=", id)
        .executeTakeFirst(),
    );
    return row === undefined ? undefined : deliveryOf(row);
  }

  async again(id: number, nowMs: number): Promise<void> {
    await this.#database.run((db) =>
      db
        .updateTable("webhook_deliveries")
        .set({ state: "pending", attempts: 0, next_attempt_at_ms: nowMs })
        .where("id", "=", id)
        .execute(),
    );
  }

  async prune(beforeMs: number): Promise<void> {
    await this.#database.run((db) =>
      db
        .deleteFrom("webhook_deliveries")
        .where("state", "!=", "pending")
        .where("created_at_ms", "<", beforeMs)
        .execute(),
    );
    await this.#database.run((db) =>
      db
        .deleteFrom("webhooks")
        .where("storage", "=", NOWHERE.storage)
        .where("relative_path", "=", NOWHERE.relativePath)
        .where("id", "not in", db.selectFrom("webhook_deliveries").select("webhook_id"))
        .execute(),
    );
  }
}

function hookOf(row: Omit<Selectable<WebhooksTable>, "since">): WebhookRecord {
  const { storage, relative_path } = row;
  return {
    id: row.id,
    ...(storage === null || relative_path === null ? {} : { repository: { storage, relativePath: relative_path } }),
    url: row.url,
    events: JSON.parse(row.events) as string[],
    active: row.is_active === 1,
    createdAtMs: row.created_at_ms,
  };
}

function deliveryOf(row: Selectable<WebhookDeliveriesTable>): DeliveryRecord {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    eventId: String(row.event_id),
    event: row.event,
    state: row.state as DeliveryState,
    attempts: row.attempts,
    createdAtMs: row.created_at_ms,
    ...(row.next_attempt_at_ms === null ? {} : { nextAttemptAtMs: row.next_attempt_at_ms }),
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.response === null ? {} : { response: row.response }),
    ...(row.error === null ? {} : { error: row.error }),
  };
}
