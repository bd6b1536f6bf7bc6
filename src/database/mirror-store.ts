import type { Selectable } from "kysely";
import type {
  MirrorDirection,
  MirrorRecord,
  MirrorResult,
  MirrorRow,
  MirrorStep,
  MirrorStore,
} from "../contract/mirrors.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Database } from "./database.ts";
import type { MirrorsTable } from "./schema.ts";

const CURSOR_ID = 1;

/** Mirrors in the metadata database. */
export class DatabaseMirrorStore implements MirrorStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async set(row: MirrorRow, nowMs: number): Promise<MirrorRecord> {
    const values = {
      direction: row.direction,
      url: row.url,
      credential: row.credential,
      known_hosts: row.knownHosts,
      interval_s: row.intervalS,
      next_run_at_ms: row.nextRunAtMs,
      failures: 0,
      last_run_at_ms: null,
      last_success_at_ms: null,
      problem: null,
    };
    const { storage, relativePath } = row.repository;
    const key = { storage, relative_path: relativePath, name: row.name, created_at_ms: nowMs };
    const written = await this.#database.run((db) =>
      db
        .insertInto("mirrors")
        .values({ ...key, ...values })
        .onConflict((conflict) => conflict.columns(["storage", "relative_path", "name"]).doUpdateSet(values))
        .returningAll()
        .executeTakeFirstOrThrow(),
    );
    return mirrorOf(written);
  }

  async list({ storage, relativePath }: RepositoryRef): Promise<readonly MirrorRecord[]> {
    const rows = await this.#database.run((db) =>
      db
        .selectFrom("mirrors")
        .selectAll()
        .where("storage", "=", storage)
        .where("relative_path", "=", relativePath)
        .orderBy("id")
        .execute(),
    );
    return rows.map(mirrorOf);
  }

  async credentialOf(id: number): Promise<string | undefined> {
    const row = await this.#database.run((db) =>
      db.selectFrom("mirrors").select("credential").where("id", "=", id).executeTakeFirst(),
    );
    return row?.credential ?? undefined;
  }

  async remove(id: number): Promise<void> {
    await this.#database.run((db) => db.deleteFrom("mirrors").where("id", "=", id).execute());
  }

  async due(nowMs: number, limit: number, except: readonly number[]): Promise<readonly MirrorRecord[]> {
    const rows = await this.#database.run((db) => {
      let query = db.selectFrom("mirrors").selectAll().where("next_run_at_ms", "<=", nowMs);
      if (except.length > 0) query = query.where("id", "not in", except);
      return query.orderBy("next_run_at_ms").orderBy("id").limit(limit).execute();
    });
    return rows.map(mirrorOf);
  }

  async nextDueAtMs(nowMs: number): Promise<number | undefined> {
    const row = await this.#database.run((db) =>
      db
        .selectFrom("mirrors")
        .select("next_run_at_ms")
        .where("next_run_at_ms", ">", nowMs)
        .orderBy("next_run_at_ms")
        .limit(1)
        .executeTakeFirst(),
    );
    return row?.next_run_at_ms ?? undefined;
  }

  async makeDue(id: number, atMs: number): Promise<void> {
    await this.#database.run((db) =>
      db.updateTable("mirrors").set({ next_run_at_ms: atMs }).where("id", "=", id).execute(),
    );
  }

  async finish(id: number, { dueAtMs, ranAtMs, nextRunAtMs, problem }: MirrorResult): Promise<void> {
    await this.#database.transaction(async (db) => {
      await db
        .updateTable("mirrors")
        .set(({ eb }) => ({
          last_run_at_ms: ranAtMs,
          problem: problem ?? null,
          ...(problem === undefined
            ? { failures: 0, last_success_at_ms: ranAtMs }
            : { failures: eb("failures", "+", 1) }),
        }))
        .where("id", "=", id)
        .execute();
      await db
        .updateTable("mirrors")
        .set({ next_run_at_ms: nextRunAtMs })
        .where("id", "=", id)
        .where("next_run_at_ms", "=", dueAtMs)
        .execute();
    });
  }

  async keepHostKeys(id: number, url: string, knownHosts: string): Promise<void> {
    await this.#database.run((db) =>
      db.updateTable("mirrors").set({ known_hosts: knownHosts }).where("id", "=", id).where("url", "=", url).execute(),
    );
  }

  async cursor(): Promise<bigint | undefined> {
    const row = await this.#database.run((db) =>
      db.selectFrom("mirror_cursor").select("event_id").where("id", "=", CURSOR_ID).executeTakeFirst(),
    );
    return row === undefined ? undefined : BigInt(row.event_id);
  }

  async follow({ cursor, changed, dueAtMs, nowMs, move }: MirrorStep): Promise<void> {
    await this.#database.transaction(async (db) => {
      for (const { storage, relativePath } of changed) {
        await db
          .updateTable("mirrors")
          .set({ next_run_at_ms: dueAtMs })
          .where("direction", "=", "push")
          .where("storage", "=", storage)
          .where("relative_path", "=", relativePath)
          .where(({ or, eb }) => or([eb("next_run_at_ms", "is", null), eb("next_run_at_ms", "<=", nowMs)]))
          .execute();
      }
      await db
        .insertInto("mirror_cursor")
        .values({ id: CURSOR_ID, event_id: Number(cursor) })
        .onConflict((conflict) => conflict.column("id").doUpdateSet({ event_id: Number(cursor) }))
        .execute();
      if (move === undefined) return;
      const { from, to } = move;
      // What stood under the new name belonged to a repository that is there no more.
      const gone = to === undefined ? from : to;
      await db
        .deleteFrom("mirrors")
        .where("storage", "=", gone.storage)
        .where("relative_path", "=", gone.relativePath)
        .execute();
      if (to === undefined) return;
      await db
        .updateTable("mirrors")
        .set({ storage: to.storage, relative_path: to.relativePath })
        .where("storage", "=", from.storage)
        .where("relative_path", "=", from.relativePath)
        .execute();
    });
  }
}

function mirrorOf(row: Selectable<MirrorsTable>): MirrorRecord {
  return {
    id: row.id,
    repository: { storage: row.storage, relativePath: row.relative_path },
    name: row.name,
    direction: row.direction as MirrorDirection,
    url: row.url,
    hasCredential: row.credential !== null,
    ...(row.known_hosts === null ? {} : { knownHosts: row.known_hosts }),
    ...(row.interval_s === null ? {} : { intervalS: row.interval_s }),
    createdAtMs: row.created_at_ms,
    ...(row.next_run_at_ms === null ? {} : { nextRunAtMs: row.next_run_at_ms }),
    failures: row.failures,
    ...(row.last_run_at_ms === null ? {} : { lastRunAtMs: row.last_run_at_ms }),
    ...(row.last_success_at_ms === null ? {} : { lastSuccessAtMs: row.last_success_at_ms }),
    ...(row.problem === null ? {} : { problem: row.problem }),
  };
}
