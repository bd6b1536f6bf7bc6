import type { Expression, ExpressionBuilder, Selectable, SqlBool } from "kysely";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { SessionChange, SessionStore } from "../contract/session-store.ts";
import type { SessionInfo } from "../contract/sessions.ts";
import type { Database } from "./database.ts";
import { isUniqueViolation } from "./database-error.ts";
import type { Schema, SessionsTable } from "./schema.ts";

/** Sessions in the metadata database. */
export class DatabaseSessionStore implements SessionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(session: SessionInfo): Promise<boolean> {
    try {
      await this.#database.run((db) => db.insertInto("sessions").values(rowOf(session)).execute());
      return true;
    } catch (error) {
      if (session.isDefault && isUniqueViolation(error)) return false;
      throw error;
    }
  }

  async find(id: string): Promise<SessionInfo | undefined> {
    const row = await this.#database.run((db) =>
      db.selectFrom("sessions").selectAll().where("id", "=", id).executeTakeFirst(),
    );
    return row && sessionOf(row);
  }

  async list({ storage, relativePath }: RepositoryRef, owner?: string): Promise<SessionInfo[]> {
    const rows = await this.#database.run((db) => {
      const all = db
        .selectFrom("sessions")
        .selectAll()
        .where("storage", "=", storage)
        .where("relative_path", "=", relativePath);
      const wanted = owner === undefined ? all : all.where("owner", "=", owner);
      return wanted.orderBy("created_at_ms").orderBy("id").execute();
    });
    return rows.map(sessionOf);
  }

  async default({ storage, relativePath }: RepositoryRef, owner: string): Promise<SessionInfo | undefined> {
    const row = await this.#database.run((db) =>
      db
        .selectFrom("sessions")
        .selectAll()
        .where("storage", "=", storage)
        .where("relative_path", "=", relativePath)
        .where("default_of", "=", owner)
        .executeTakeFirst(),
    );
    return row && sessionOf(row);
  }

  async counts(owner: string): Promise<{ readonly owned: number; readonly all: number }> {
    const [owned, all] = await this.#database.run((db) => {
      const count = db.selectFrom("sessions").select(({ fn }) => fn.countAll().as("count"));
      return Promise.all([count.where("owner", "=", owner).executeTakeFirstOrThrow(), count.executeTakeFirstOrThrow()]);
    });
    return { owned: Number(owned.count), all: Number(all.count) };
  }

  async heads(): Promise<Map<string, string>> {
    const rows = await this.#database.run((db) => db.selectFrom("sessions").select(["id", "head_oid"]).execute());
    return new Map(rows.map(({ id, head_oid }) => [id, head_oid]));
  }

  async change(id: string, change: SessionChange): Promise<void> {
    const { baseOid, headOid, isGone, expiresAtMs, dirtySinceMs, commitDueAtMs, problem } = change;
    const set = {
      ...(baseOid === undefined ? {} : { base_oid: baseOid }),
      ...(headOid === undefined ? {} : { head_oid: headOid }),
      ...(isGone === undefined ? {} : { is_gone: isGone ? 1 : 0 }),
      ...(expiresAtMs === undefined ? {} : { expires_at_ms: expiresAtMs }),
      ...(dirtySinceMs === undefined ? {} : { dirty_since_ms: dirtySinceMs }),
      ...(commitDueAtMs === undefined ? {} : { commit_due_at_ms: commitDueAtMs }),
      ...(problem === undefined ? {} : { problem }),
    };
    if (Object.keys(set).length === 0) return;
    await this.#database.run((db) => db.updateTable("sessions").set(set).where("id", "=", id).execute());
  }

  async remove(id: string): Promise<void> {
    await this.#database.run((db) => db.deleteFrom("sessions").where("id", "=", id).execute());
  }

  async move(repository: RepositoryRef, target: RepositoryRef): Promise<void> {
    await this.#database.run((db) =>
      db
        .updateTable("sessions")
        .set({ storage: target.storage, relative_path: target.relativePath })
        .where("storage", "=", repository.storage)
        .where("relative_path", "=", repository.relativePath)
        .execute(),
    );
  }

  async due(nowMs: number, limit: number, except: readonly string[]): Promise<SessionInfo[]> {
    const isDue = (eb: ExpressionBuilder<Schema, "sessions">): Expression<SqlBool> =>
      eb.or([eb("commit_due_at_ms", "<=", nowMs), eb("expires_at_ms", "<=", nowMs)]);
    const rows = await this.#database.run((db) => {
      const all = db.selectFrom("sessions").selectAll().where(isDue);
      const wanted = except.length === 0 ? all : all.where("id", "not in", except);
      return wanted.orderBy("expires_at_ms").limit(limit).execute();
    });
    return rows.map(sessionOf);
  }

  async nextDueAtMs(except: readonly string[]): Promise<number | undefined> {
    const row = await this.#database.run((db) => {
      const all = db
        .selectFrom("sessions")
        .select(({ fn }) => [fn.min("commit_due_at_ms").as("commit"), fn.min("expires_at_ms").as("expiry")]);
      return (except.length === 0 ? all : all.where("id", "not in", except)).executeTakeFirstOrThrow();
    });
    const times = [row.commit, row.expiry].filter((time) => time !== null).map(Number);
    return times.length === 0 ? undefined : Math.min(...times);
  }
}

function rowOf(session: SessionInfo): SessionsTable {
  return {
    id: session.id,
    storage: session.repository.storage,
    relative_path: session.repository.relativePath,
    owner: session.owner,
    default_of: session.isDefault ? session.owner : null,
    branch: Buffer.from(session.branch, "latin1").toString("hex"),
    base_oid: session.baseOid,
    head_oid: session.headOid,
    is_lazy: session.isLazy ? 1 : 0,
    is_pushing: session.pushes ? 1 : 0,
    is_gone: session.isGone ? 1 : 0,
    created_at_ms: session.createdAtMs,
    expires_at_ms: session.expiresAtMs,
    dirty_since_ms: session.dirtySinceMs ?? null,
    commit_due_at_ms: session.commitDueAtMs ?? null,
    problem: session.problem ?? null,
  };
}

function sessionOf(row: Selectable<SessionsTable>): SessionInfo {
  return {
    id: row.id,
    repository: { storage: row.storage, relativePath: row.relative_path },
    owner: row.owner,
    isDefault: row.default_of !== null,
    branch: Buffer.from(row.branch, "hex").toString("latin1"),
    baseOid: row.base_oid,
    headOid: row.head_oid,
    isLazy: row.is_lazy === 1,
    pushes: row.is_pushing === 1,
    isGone: row.is_gone === 1,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    ...(row.dirty_since_ms === null ? {} : { dirtySinceMs: row.dirty_since_ms }),
    ...(row.commit_due_at_ms === null ? {} : { commitDueAtMs: row.commit_due_at_ms }),
    ...(row.problem === null ? {} : { problem: row.problem }),
  };
}
