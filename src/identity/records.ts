import type { Kysely } from "kysely";
import type {
  Collaborator,
  NewRepositoryRecord,
  ProtectionRecord,
  Protections,
  RepositoryRecord,
  RepositoryRecords,
} from "../contract/identity.ts";
import type { Principal } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Database } from "../database/database.ts";
import type { Schema } from "../database/schema.ts";
import type { AccessLevel } from "../domain/access-level.ts";
import { fromByteString } from "../domain/bytes.ts";
import { OperationError } from "../domain/errors.ts";
import type { RefName } from "../domain/reference.ts";
import { problemOfRepositoryName, repositoryNameOf } from "../domain/repository-name.ts";
import { type Accounts, checkCount, checkText, unlessGone } from "./accounts.ts";
import { KeyedTurns } from "./keyed-turns.ts";
import { namespaceOwner } from "./namespace.ts";
import { type CanonicalRef, keyOf, type Places, type RepositoryFactsStore } from "./repository-facts.ts";

export interface RecordsServices {
  readonly database: Database;
  readonly clock: { nowMs(): number };
  readonly accounts: Accounts;
  readonly facts: RepositoryFactsStore;
  readonly places: Places;
}

const PATTERN_BYTES_MAX = 1024;
const USERS_MAX = 1000;
const COLLABORATORS_MAX = 5000;
const PROTECTIONS_MAX = 500;

type Db = Kysely<Schema>;

interface NewFacts {
  readonly ownerId?: number | undefined;
  readonly isPrivate?: boolean;
  readonly description?: string;
}

/**
 * Records of repositories. They are written before a repository appears and removed after it has gone: what a crash leaves between is
 * a record without a repository, which hides nothing and which the next repository of that name replaces.
 */
export class Records implements RepositoryRecords, Protections {
  readonly #services: RecordsServices;
  /** Making, removing and renaming take turns, so that no record is of another repository than it says. */
  readonly #turns = new KeyedTurns();

  constructor(services: RecordsServices) {
    this.#services = services;
  }

  async find(repository: RepositoryRef): Promise<RepositoryRecord> {
    const facts = await this.#services.facts.get(this.#canonical(repository));
    if (facts === undefined) return { private: false, description: "" };
    const owner = facts.ownerId === undefined ? undefined : await this.#services.accounts.byId(facts.ownerId);
    return {
      ...(owner === undefined ? {} : { owner: owner.name }),
      private: facts.isPrivate,
      description: facts.description,
    };
  }

  async create<T>(repository: RepositoryRef, record: NewRepositoryRecord, make: () => Promise<T>): Promise<T> {
    const ref = this.#canonical(repository);
    checkNewName(ref, record.principal);
    // Nobody but an administrator would ever see it again.
    if (record.private === true && record.principal.kind === "anonymous")
      throw new OperationError("unauthenticated", {});
    if (record.description !== undefined) checkText("description", record.description);
    return this.#turns.run([keyOf(ref)], async () => {
      this.#refuseThere(ref);
      const facts = await this.#factsOfNew(ref, record);
      const write = async (db: Db) => {
        await removeRow(db, ref);
        if (facts !== undefined) await this.#insert(db, ref, facts);
      };
      await unlessGone(record.principal.name, () => this.#write(ref, write));
      return this.#orTakeBack(ref, make);
    });
  }

  async remove(repository: RepositoryRef, remove: () => Promise<void>): Promise<void> {
    const ref = this.#canonical(repository);
    await this.#turns.run([keyOf(ref)], async () => {
      await remove();
      await this.#write(ref, (db) => removeRow(db, ref));
    });
  }

  async rename(
    repository: RepositoryRef,
    target: RepositoryRef,
    principal: Principal,
    move: () => Promise<void>,
  ): Promise<void> {
    const from = this.#canonical(repository);
    const to = this.#canonical(target);
    checkNewName(to, principal);
    await this.#turns.run([keyOf(from), keyOf(to)], async () => {
      this.#refuseThere(to);
      const owner = await namespaceOwner(this.#services.accounts, to);
      // A copy, not an update: at no moment is the repository where its record is not.
      await this.#write(to, async (db) => {
        await removeRow(db, to);
        await copyRow(db, from, to, owner?.id);
      });
      await this.#orTakeBack(to, move);
      await this.#write(from, (db) => removeRow(db, from));
    });
  }

  async setPrivate(repository: RepositoryRef, isPrivate: boolean): Promise<void> {
    await this.#change(repository, async (db, id) => {
      const row = { is_private: isPrivate ? 1 : 0 };
      await db.updateTable("repositories").set(row).where("id", "=", id).execute();
    });
  }

  async setDescription(repository: RepositoryRef, description: string): Promise<void> {
    checkText("description", description);
    await this.#change(repository, async (db, id) => {
      await db.updateTable("repositories").set({ description }).where("id", "=", id).execute();
    });
  }

  async collaborators(repository: RepositoryRef): Promise<Collaborator[]> {
    const facts = await this.#services.facts.get(this.#canonical(repository));
    const found = [...(facts?.collaborators ?? [])].map(async ([id, level]) => {
      const user = await this.#services.accounts.byId(id);
      return user === undefined ? [] : [{ user: user.name, level }];
    });
    const collaborators = (await Promise.all(found)).flat();
    return collaborators.sort((a, b) => (a.user < b.user ? -1 : 1));
  }

  async setCollaborator(repository: RepositoryRef, userName: string, level: AccessLevel): Promise<void> {
    const user = await this.#services.accounts.find(userName);
    const facts = await this.#services.facts.get(this.#canonical(repository));
    if (facts?.collaborators.has(user.id) !== true)
      checkCount("collaborators of a repository", facts?.collaborators.size ?? 0, COLLABORATORS_MAX);
    const add = async (db: Db, id: number) => {
      await db
        .insertInto("collaborators")
        .values({ repository_id: id, user_id: user.id, level })
        .onConflict((conflict) => conflict.columns(["repository_id", "user_id"]).doUpdateSet({ level }))
        .execute();
    };
    await unlessGone(userName, () => this.#change(repository, add));
  }

  async removeCollaborator(repository: RepositoryRef, userName: string): Promise<void> {
    const user = await this.#services.accounts.find(userName);
    const facts = await this.#services.facts.get(this.#canonical(repository));
    if (facts?.collaborators.has(user.id) !== true)
      throw new OperationError("collaborator_not_found", { user: userName });
    await this.#change(repository, async (db, id) => {
      await db.deleteFrom("collaborators").where("repository_id", "=", id).where("user_id", "=", user.id).execute();
    });
  }

  list(repository: RepositoryRef): readonly ProtectionRecord[] | Promise<readonly ProtectionRecord[]> {
    const facts = this.#services.facts.get(this.#canonical(repository));
    return facts instanceof Promise ? facts.then((facts) => facts?.protections ?? []) : (facts?.protections ?? []);
  }

  async set(repository: RepositoryRef, protection: ProtectionRecord): Promise<void> {
    const { pattern, noForce, noDelete, users, appliesToService } = protection;
    checkProtection(protection);
    const rules = await this.list(repository);
    if (!rules.some((rule) => rule.pattern === pattern))
      checkCount("rules of a repository", rules.length, PROTECTIONS_MAX);
    const row = {
      no_force: noForce ? 1 : 0,
      no_delete: noDelete ? 1 : 0,
      users: users === undefined ? null : JSON.stringify(users),
      applies_to_service: appliesToService ? 1 : 0,
    };
    await this.#change(repository, async (db, id) => {
      await db
        .insertInto("protections")
        .values({ repository_id: id, pattern: storedPattern(pattern), ...row })
        .onConflict((conflict) => conflict.columns(["repository_id", "pattern"]).doUpdateSet(row))
        .execute();
    });
  }

  async unset(repository: RepositoryRef, pattern: RefName): Promise<void> {
    const rules = await this.list(repository);
    if (!rules.some((rule) => rule.pattern === pattern)) throw new OperationError("protection_not_found", { pattern });
    await this.#change(repository, async (db, id) => {
      const stored = storedPattern(pattern);
      await db.deleteFrom("protections").where("repository_id", "=", id).where("pattern", "=", stored).execute();
    });
  }

  #canonical(ref: RepositoryRef): CanonicalRef {
    return this.#services.places.canonical(ref);
  }

  #refuseThere(ref: CanonicalRef): void {
    if (this.#services.places.isThere(ref))
      throw new OperationError("repository_exists", { repository: ref.relativePath });
  }

  /** Takes a new record back where nothing has come of it. What failed after all was made keeps its record: it may be private. */
  async #orTakeBack<T>(ref: CanonicalRef, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } finally {
      if (!this.#services.places.isThere(ref)) await this.#write(ref, (db) => removeRow(db, ref));
    }
  }

  async #write<T>(ref: CanonicalRef, write: (db: Db) => Promise<T>): Promise<T> {
    try {
      return await this.#services.database.transaction(write);
    } finally {
      this.#services.facts.forget(ref);
    }
  }

  /** Changes what belongs to a record, which is made where there was none. */
  async #change(repository: RepositoryRef, change: (db: Db, id: number) => Promise<void>): Promise<void> {
    const ref = this.#canonical(repository);
    await this.#turns.run([keyOf(ref)], () =>
      this.#write(ref, async (db) => {
        const id = (await findId(db, ref)) ?? (await this.#insert(db, ref, {}));
        await change(db, id);
      }),
    );
  }

  /** Undefined where there is nothing to remember: without a record a repository is public and nobody's. */
  async #factsOfNew(ref: CanonicalRef, record: NewRepositoryRecord): Promise<NewFacts | undefined> {
    const { principal, private: isPrivate = false, description = "" } = record;
    const ownerId = principal.kind === "service" ? undefined : await this.#ownerOf(ref, record);
    return ownerId === undefined && !isPrivate && description === "" ? undefined : { ownerId, isPrivate, description };
  }

  /** Whoever the path belongs to, else whoever makes the repository. */
  async #ownerOf(ref: CanonicalRef, { principal }: NewRepositoryRecord): Promise<number | undefined> {
    return (await namespaceOwner(this.#services.accounts, ref))?.id ?? principal.user?.id;
  }

  async #insert(db: Db, { storage, relativePath }: CanonicalRef, facts: NewFacts): Promise<number> {
    const values = {
      storage,
      relative_path: relativePath,
      owner_id: facts.ownerId ?? null,
      is_private: facts.isPrivate === true ? 1 : 0,
      description: facts.description ?? "",
      created_at_ms: this.#services.clock.nowMs(),
    };
    return (await db.insertInto("repositories").values(values).returning("id").executeTakeFirstOrThrow()).id;
  }
}

/** Names that people give must not hide a door; programs behind the Gitaly protocol choose theirs freely. */
function checkNewName({ relativePath }: CanonicalRef, { kind }: Principal): void {
  if (kind === "service") return;
  const name = repositoryNameOf(relativePath);
  const problem = relativePath === name ? "does not end with .git" : problemOfRepositoryName(name);
  if (problem !== undefined)
    throw new OperationError("invalid_input", {
      field: "repository",
      problem: `the name ${JSON.stringify(name)} ${problem}`,
    });
}

function checkProtection({ pattern, noForce, noDelete, users }: ProtectionRecord): void {
  const refuse = (field: string, problem: string) => {
    throw new OperationError("invalid_input", { field, problem });
  };
  if (!pattern.startsWith("refs/") || pattern.length > PATTERN_BYTES_MAX)
    refuse("pattern", "is not a full name or a pattern of full names, such as refs/heads/main");
  if (!noForce && !noDelete && users === undefined) refuse("pattern", "has a rule that forbids nothing");
  if (users !== undefined && users.length > USERS_MAX) refuse("users", `are more than ${USERS_MAX}`);
  for (const user of users ?? []) checkText("users", user);
}

const storedPattern = (pattern: RefName): string => Buffer.from(fromByteString(pattern)).toString("hex");

async function findId(db: Db, { storage, relativePath }: CanonicalRef): Promise<number | undefined> {
  const row = await db
    .selectFrom("repositories")
    .select("id")
    .where("storage", "=", storage)
    .where("relative_path", "=", relativePath)
    .executeTakeFirst();
  return row?.id;
}

async function removeRow(db: Db, { storage, relativePath }: CanonicalRef): Promise<void> {
  await db
    .deleteFrom("repositories")
    .where("storage", "=", storage)
    .where("relative_path", "=", relativePath)
    .execute();
}

/** Copies a record with collaborators and rules to another path; nothing where there is none. */
async function copyRow(db: Db, from: CanonicalRef, to: CanonicalRef, ownerId: number | undefined): Promise<void> {
  const old = await db
    .selectFrom("repositories")
    .selectAll()
    .where("storage", "=", from.storage)
    .where("relative_path", "=", from.relativePath)
    .executeTakeFirst();
  if (old === undefined) return;
  const { id: oldId, ...kept } = old;
  const values = { ...kept, storage: to.storage, relative_path: to.relativePath, owner_id: ownerId ?? old.owner_id };
  const { id } = await db.insertInto("repositories").values(values).returning("id").executeTakeFirstOrThrow();
  const collaborators = await db.selectFrom("collaborators").selectAll().where("repository_id", "=", oldId).execute();
  for (const each of collaborators)
    await db
      .insertInto("collaborators")
      .values({ ...each, repository_id: id })
      .execute();
  const rules = await db.selectFrom("protections").selectAll().where("repository_id", "=", oldId).execute();
  for (const each of rules)
    await db
      .insertInto("protections")
      .values({ ...each, repository_id: id })
      .execute();
}
