import type { Selectable } from "kysely";
import type { CloneState, CloneStore, KnownClone } from "../contract/clones.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Database } from "./database.ts";
import type { ClonesTable } from "./schema.ts";

/** Clones in the metadata database. */
export class DatabaseCloneStore implements CloneStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async put({ job, owner }: KnownClone): Promise<void> {
    const { storage, relativePath } = job.repository;
    const place = { storage, relative_path: relativePath };
    const rest = {
      owner,
      url: job.url,
      state: job.state,
      started_at_ms: job.startedAtMs,
      ended_at_ms: job.endedAtMs ?? null,
      problem_reason: job.problem?.reason ?? null,
      problem_message: job.problem?.message ?? null,
    };
    await this.#database.run((db) =>
      db
        .insertInto("clones")
        .values({ ...place, ...rest })
        .onConflict((conflict) => conflict.columns(["storage", "relative_path"]).doUpdateSet(rest))
        .execute(),
    );
  }

  async find({ storage, relativePath }: RepositoryRef): Promise<KnownClone | undefined> {
    const row = await this.#database.run((db) =>
      db
        .selectFrom("clones")
        .selectAll()
        .where("storage", "=", storage)
        .where("relative_path", "=", relativePath)
        .executeTakeFirst(),
    );
    return row && cloneOf(row);
  }

  async running(): Promise<KnownClone[]> {
    const rows = await this.#database.run((db) =>
      db.selectFrom("clones").selectAll().where("state", "=", "running").execute(),
    );
    return rows.map(cloneOf);
  }

  async prune(endedBeforeMs: number): Promise<void> {
    await this.#database.run((db) => db.deleteFrom("clones").where("ended_at_ms", "<", endedBeforeMs).execute());
  }
}

function cloneOf(row: Selectable<ClonesTable>): KnownClone {
  const { problem_reason: reason, problem_message: message, ended_at_ms: endedAtMs } = row;
  return {
    owner: row.owner,
    job: {
      repository: { storage: row.storage, relativePath: row.relative_path },
      url: row.url,
      state: row.state as CloneState,
      startedAtMs: Number(row.started_at_ms),
      ...(endedAtMs === null ? {} : { endedAtMs: Number(endedAtMs) }),
      ...(reason === null || message === null ? {} : { problem: { reason, message } }),
    },
  };
}
