import type { IdempotencyStore, RememberedWrite } from "../contract/idempotency.ts";
import type { Database } from "./database.ts";

/** Writes with idempotency keys in the metadata database. */
export class DatabaseIdempotencyStore implements IdempotencyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  begin(
    id: string,
    { operation, inputHash }: Omit<RememberedWrite, "outcome">,
    { nowMs, notBeforeMs }: { readonly nowMs: number; readonly notBeforeMs: number },
  ): Promise<RememberedWrite | undefined> {
    return this.#database.transaction(async (db) => {
      await db.deleteFrom("idempotency_keys").where("id", "=", id).where("created_at_ms", "<", notBeforeMs).execute();
      const mine = await db
        .insertInto("idempotency_keys")
        .values({ id, operation, input_hash: inputHash, outcome: null, created_at_ms: nowMs })
        .onConflict((conflict) => conflict.column("id").doNothing())
        .returning("id")
        .executeTakeFirst();
      if (mine !== undefined) return undefined;
      const row = await db
        .selectFrom("idempotency_keys")
        .select(["operation", "input_hash", "outcome"])
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      const { outcome } = row;
      return { operation: row.operation, inputHash: row.input_hash, ...(outcome === null ? {} : { outcome }) };
    });
  }

  async end(id: string, outcome: string): Promise<void> {
    await this.#database.run((db) =>
      db.updateTable("idempotency_keys").set({ outcome }).where("id", "=", id).execute(),
    );
  }

  async forget(id: string): Promise<void> {
    await this.#database.run((db) => db.deleteFrom("idempotency_keys").where("id", "=", id).execute());
  }

  async prune(beforeMs: number): Promise<void> {
    await this.#database.run((db) => db.deleteFrom("idempotency_keys").where("created_at_ms", "<", beforeMs).execute());
  }
}
