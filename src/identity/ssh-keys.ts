import type { Selectable } from "kysely";
import type { SshKeyRecord, SshKeys, UserRecord } from "../contract/identity.ts";
import type { Database } from "../database/database.ts";
import { isUniqueViolation } from "../database/database-error.ts";
import type { SshKeysTable } from "../database/schema.ts";
import { OperationError } from "../domain/errors.ts";
import { parseSshKey, SshKeyError, sshKeyLine } from "../domain/ssh-key.ts";
import { type Accounts, checkCount, checkText, unlessGone } from "./accounts.ts";
import { Remembered } from "./remembered.ts";
import type { Revocations } from "./revocations.ts";

const REMEMBERED_MAX = 10_000;
const KEYS_MAX = 200;

export interface SshKeyStoreServices {
  readonly database: Database;
  readonly clock: { nowMs(): number };
  readonly accounts: Accounts;
  readonly revocations: Revocations;
}

/** Whose a key is. */
export interface KeyOwner {
  readonly keyId: number;
  readonly userId: number;
}

/** SSH keys in the database. */
export class SshKeyStore implements SshKeys {
  readonly #services: SshKeyStoreServices;
  readonly #owners: Remembered<string, KeyOwner | undefined>;

  constructor(services: SshKeyStoreServices) {
    this.#services = services;
    this.#owners = new Remembered((fingerprint) => this.#loadOwner(fingerprint), REMEMBERED_MAX);
  }

  /** Whose key has a fingerprint. */
  ownerOf(fingerprint: string): KeyOwner | undefined | Promise<KeyOwner | undefined> {
    return this.#owners.get(fingerprint);
  }

  /** What is remembered may be of users who are gone. */
  forgetAll(): void {
    this.#owners.forgetAll();
  }

  async add(userName: string, line: string): Promise<SshKeyRecord> {
    const user = await this.#services.accounts.find(userName);
    const { type, blob, comment, fingerprint } = parsed(line);
    checkText("key", comment);
    checkCount("SSH keys of a user", (await this.list(userName)).length, KEYS_MAX);
    const values = {
      user_id: user.id,
      fingerprint,
      type,
      blob: Buffer.from(blob).toString("base64"),
      comment,
      created_at_ms: this.#services.clock.nowMs(),
    };
    try {
      const row = await unlessGone(userName, () =>
        this.#services.database.run((db) =>
          db.insertInto("ssh_keys").values(values).returningAll().executeTakeFirstOrThrow(),
        ),
      );
      this.#owners.forget(fingerprint);
      return recordOf(userName, row);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new OperationError("key_exists", { fingerprint });
    }
  }

  async list(userName: string): Promise<SshKeyRecord[]> {
    const user = await this.#services.accounts.find(userName);
    const rows = await this.#services.database.run((db) =>
      db.selectFrom("ssh_keys").selectAll().where("user_id", "=", user.id).orderBy("id").execute(),
    );
    return rows.map((row) => recordOf(userName, row));
  }

  async userOf(fingerprint: string): Promise<UserRecord | undefined> {
    const owner = await this.ownerOf(fingerprint);
    return owner && this.#services.accounts.byId(owner.userId);
  }

  async remove(userName: string, key: string): Promise<SshKeyRecord> {
    const keys = await this.list(userName);
    const wanted = key.includes(" ") ? parsed(key).fingerprint : key;
    const found = keys.find(({ id, fingerprint }) => fingerprint === wanted || String(id) === wanted);
    if (found === undefined) throw new OperationError("key_not_found", { key: wanted });
    await this.#services.database.run((db) => db.deleteFrom("ssh_keys").where("id", "=", found.id).execute());
    this.#owners.forget(found.fingerprint);
    this.#services.revocations.revoke({ key: found.id });
    return found;
  }

  async #loadOwner(fingerprint: string): Promise<KeyOwner | undefined> {
    const row = await this.#services.database.run((db) =>
      db.selectFrom("ssh_keys").select(["id", "user_id"]).where("fingerprint", "=", fingerprint).executeTakeFirst(),
    );
    return row && { keyId: row.id, userId: row.user_id };
  }
}

function parsed(line: string): ReturnType<typeof parseSshKey> {
  try {
    return parseSshKey(line);
  } catch (error) {
    if (!(error instanceof SshKeyError)) throw error;
    throw new OperationError("invalid_input", { field: "key", problem: error.message });
  }
}

function recordOf(user: string, row: Selectable<SshKeysTable>): SshKeyRecord {
  const { id, type, fingerprint, comment } = row;
  const line = sshKeyLine({ type, blob: Buffer.from(row.blob, "base64"), comment });
  return { id, user, type, fingerprint, line, comment, createdAtMs: row.created_at_ms };
}
