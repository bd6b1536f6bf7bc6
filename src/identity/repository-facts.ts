import type { ProtectionRecord } from "../contract/identity.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Database } from "../database/database.ts";
import { ACCESS_LEVELS, type AccessLevel } from "../domain/access-level.ts";
import { Remembered } from "./remembered.ts";

const REMEMBERED_MAX = 20_000;

/** All that the database holds of one repository. */
export interface RepositoryFacts {
  readonly id: number;
  readonly ownerId: number | undefined;
  readonly isPrivate: boolean;
  readonly description: string;
  /** Levels by the users' ids. */
  readonly collaborators: ReadonlyMap<number, AccessLevel>;
  readonly protections: readonly ProtectionRecord[];
}

/** A repository by a path with links resolved, as `Places.canonical` gives it. */
export type CanonicalRef = RepositoryRef & { readonly canonical: true };

/** Where repositories lie; implemented by storage, bound in main.ts. */
export interface Places {
  /** The one path of a repository among all spellings of it. Throws for names that no repository can have. */
  canonical(ref: RepositoryRef): CanonicalRef;
  /** Is anything at all at this place? */
  isThere(ref: CanonicalRef): boolean;
}

/** Facts about repositories, in memory once they have been asked for; undefined for a repository without a record. */
export class RepositoryFactsStore {
  readonly #database: Database;
  readonly #facts: Remembered<string, RepositoryFacts | undefined>;

  constructor(database: Database) {
    this.#database = database;
    this.#facts = new Remembered((key) => this.#load(refOf(key)), REMEMBERED_MAX);
  }

  get(ref: CanonicalRef): RepositoryFacts | undefined | Promise<RepositoryFacts | undefined> {
    return this.#facts.get(keyOf(ref));
  }

  forget(ref: CanonicalRef): void {
    this.#facts.forget(keyOf(ref));
  }

  forgetAll(): void {
    this.#facts.forgetAll();
  }

  async #load({ storage, relativePath }: RepositoryRef): Promise<RepositoryFacts | undefined> {
    return this.#database.run(async (db) => {
      const row = await db
        .selectFrom("repositories")
        .selectAll()
        .where("storage", "=", storage)
        .where("relative_path", "=", relativePath)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const of = { repository_id: row.id };
      const [collaborators, protections] = await Promise.all([
        db.selectFrom("collaborators").selectAll().where("repository_id", "=", of.repository_id).execute(),
        db
          .selectFrom("protections")
          .selectAll()
          .where("repository_id", "=", of.repository_id)
          .orderBy("pattern")
          .execute(),
      ]);
      return {
        id: row.id,
        ownerId: row.owner_id ?? undefined,
        isPrivate: row.is_private === 1,
        description: row.description,
        collaborators: new Map(collaborators.map(({ user_id, level }) => [user_id, levelOf(level)])),
        protections: protections.map((rule) => ({
          pattern: Buffer.from(rule.pattern, "hex").toString("latin1"),
          noForce: rule.no_force === 1,
          noDelete: rule.no_delete === 1,
          ...(rule.users === null ? {} : { users: JSON.parse(rule.users) as string[] }),
          appliesToService: rule.applies_to_service === 1,
        })),
      };
    });
  }
}

/** A level as it is stored; a word of a newer version allows nothing. */
export function levelOf(text: string): AccessLevel {
  return ACCESS_LEVELS.find((level) => level === text) ?? "no-access";
}

export const keyOf = ({ storage, relativePath }: RepositoryRef): string => `${storage}\0${relativePath}`;

function refOf(key: string): RepositoryRef {
  const [storage = "", relativePath = ""] = key.split("\0");
  return { storage, relativePath };
}
