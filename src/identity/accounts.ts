import { type Selectable, sql } from "kysely";
import type { UserRecord, Users } from "../contract/identity.ts";
import type { Database } from "../database/database.ts";
import { isMissingReference, isUniqueViolation } from "../database/database-error.ts";
import type { UsersTable } from "../database/schema.ts";
import { OperationError } from "../domain/errors.ts";
import { problemOfUserName } from "../domain/user-name.ts";
import { renameInProtections } from "./protection-users.ts";
import { Remembered } from "./remembered.ts";
import type { Revocations } from "./revocations.ts";

/** The account that is always there. */
export const BUILT_IN_ADMIN = "admin";

const REMEMBERED_MAX = 20_000;
const BATCH = 500;
const TEXT_LENGTH_MAX = 1024;

export interface AccountsServices {
  readonly database: Database;
  readonly clock: { nowMs(): number };
  readonly revocations: Revocations;
  /** Told when an account has another name, has other rights, or is gone: what others remember of it is stale. */
  readonly onChanged: () => void;
}

/** Accounts in the database; those that were asked for are kept in memory. */
export class Accounts implements Users {
  readonly #services: AccountsServices;
  readonly #byId: Remembered<number, UserRecord | undefined>;
  readonly #byName: Remembered<string, UserRecord | undefined>;

  constructor(services: AccountsServices) {
    this.#services = services;
    this.#byId = new Remembered((id) => this.#load("id", id), REMEMBERED_MAX);
    this.#byName = new Remembered((name) => this.#load("name", name), REMEMBERED_MAX);
  }

  /** Makes the built-in administrator where he is missing. */
  async ensureBuiltIn(): Promise<UserRecord> {
    const values = { name: BUILT_IN_ADMIN, ...ADMINISTRATOR, created_at_ms: this.#services.clock.nowMs() };
    await this.#services.database.run((db) =>
      db
        .insertInto("users")
        .values(values)
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ is_admin: 1 }))
        .execute(),
    );
    return this.find(BUILT_IN_ADMIN);
  }

  /** Who has an id; undefined when nobody does, or nobody does any more. */
  byId(id: number): UserRecord | undefined | Promise<UserRecord | undefined> {
    return this.#byId.get(id);
  }

  byName(name: string): UserRecord | undefined | Promise<UserRecord | undefined> {
    // What nobody can be called is not asked for: a database may not even take such a text.
    return problemOfUserName(name) === undefined ? this.#byName.get(name) : undefined;
  }

  async find(name: string): Promise<UserRecord> {
    const user = await this.byName(name);
    if (user === undefined) throw new OperationError("user_not_found", { user: name });
    return user;
  }

  async create(user: Parameters<Users["create"]>[0]): Promise<UserRecord> {
    const { name, isAdmin, displayName = "", email = "" } = user;
    checkName(name, "name");
    checkText("displayName", displayName);
    checkText("email", email);
    const values = {
      name,
      is_admin: isAdmin ? 1 : 0,
      display_name: displayName,
      email,
      created_at_ms: this.#services.clock.nowMs(),
    };
    const row = await this.#unlessTaken(name, () =>
      this.#services.database.run((db) =>
        db.insertInto("users").values(values).returningAll().executeTakeFirstOrThrow(),
      ),
    );
    this.#byName.forget(name);
    return recordOf(row);
  }

  async *list(): AsyncGenerator<UserRecord[]> {
    for (let after = ""; ;) {
      const rows = await this.#services.database.run((db) => {
        // PostgreSQL would sort by the rules of a language.
        const name = this.#services.database.kind === "postgres" ? sql<string>`name collate "C"` : sql<string>`name`;
        return db.selectFrom("users").selectAll().where(name, ">", after).orderBy(name).limit(BATCH).execute();
      });
      if (rows.length > 0) yield rows.map(recordOf);
      if (rows.length < BATCH) return;
      after = rows.at(-1)?.name ?? "";
    }
  }

  async remove(name: string): Promise<void> {
    const { id } = await this.#changeable(name);
    await this.#services.database.transaction(async (db) => {
      await db.deleteFrom("users").where("id", "=", id).execute();
      await renameInProtections(db, name, undefined);
    });
    this.#changed(id, name);
  }

  async setAdmin(name: string, isAdmin: boolean): Promise<void> {
    const user = await (isAdmin ? this.find(name) : this.#changeable(name));
    if (user.isAdmin === isAdmin) return;
    await this.#services.database.run((db) =>
      db
        .updateTable("users")
        .set({ is_admin: isAdmin ? 1 : 0 })
        .where("id", "=", user.id)
        .execute(),
    );
    this.#changed(user.id, name);
  }

  async rename(name: string, newName: string): Promise<void> {
    const { id } = await this.#changeable(name);
    if (newName === name) return;
    checkName(newName, "newName");
    await this.#unlessTaken(newName, () =>
      this.#services.database.transaction(async (db) => {
        await db.updateTable("users").set({ name: newName }).where("id", "=", id).execute();
        await renameInProtections(db, name, newName);
      }),
    );
    this.#byName.forget(newName);
    this.#changed(id, name);
  }

  async #changeable(name: string): Promise<UserRecord> {
    const user = await this.find(name);
    if (name === BUILT_IN_ADMIN) throw new OperationError("user_built_in", { user: name });
    return user;
  }

  #changed(id: number, name: string): void {
    this.#byId.forget(id);
    this.#byName.forget(name);
    this.#services.onChanged();
    // Whatever is open in his name was opened with rights, or under a name, that he no longer has.
    this.#services.revocations.revoke({ user: id });
  }

  async #unlessTaken<T>(name: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new OperationError("user_exists", { user: name });
    }
  }

  async #load(column: "id" | "name", value: string | number): Promise<UserRecord | undefined> {
    const row = await this.#services.database.run((db) =>
      db.selectFrom("users").selectAll().where(column, "=", value).executeTakeFirst(),
    );
    return row && recordOf(row);
  }
}

const ADMINISTRATOR = { is_admin: 1, display_name: "Administrator", email: "" };

function checkName(name: string, field: string): void {
  const problem = problemOfUserName(name);
  if (problem !== undefined) throw new OperationError("invalid_input", { field, problem });
}

/** Runs a write that belongs to a user, who may go at any moment. Throws `user_not_found`. */
export async function unlessGone<T>(user: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isMissingReference(error)) throw error;
    throw new OperationError("user_not_found", { user });
  }
}

/** Throws `limit_exceeded` for one more than there may be. */
export function checkCount(limit: string, count: number, maximum: number): void {
  if (count >= maximum) throw new OperationError("limit_exceeded", { limit, maximum, retryAfterMs: 0 });
}

/** Text that ends up in hooks' environments and logs. */
export function checkText(field: string, text: string): void {
  if (text.length > TEXT_LENGTH_MAX)
    throw new OperationError("invalid_input", { field, problem: `is longer than ${TEXT_LENGTH_MAX} characters` });
  if (/[\x00-\x1f\x7f]/.test(text))
    throw new OperationError("invalid_input", { field, problem: "contains a control character" });
}

function recordOf(row: Selectable<UsersTable>): UserRecord {
  return {
    id: row.id,
    name: row.name,
    isAdmin: row.is_admin === 1,
    displayName: row.display_name,
    email: row.email,
    createdAtMs: row.created_at_ms,
  };
}
