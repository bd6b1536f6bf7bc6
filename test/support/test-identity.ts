import type { Identity } from "../../src/contract/identity.ts";
import type { Authenticator } from "../../src/contract/authenticator.ts";
import type { Principal, TokenScope } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { Database, DatabaseKind } from "../../src/database/database.ts";
import { openIdentity } from "../../src/identity/open-identity.ts";
import type { CanonicalRef } from "../../src/identity/repository-facts.ts";
import type { ConfiguredSettings } from "../../src/identity/server-settings.ts";
import { FakeClock } from "./fake-clock.ts";
import { makeTestDatabase, type TestDatabase } from "./test-databases.ts";

export const ANONYMOUS: Principal = { kind: "anonymous", name: "anonymous" };
export const SERVICE: Principal = { kind: "service", name: "service" };
export const ADMIN_SECRET = "the administrator's own";

const NOT_CONFIGURED: ConfiguredSettings = { anonAccess: undefined, allowKeyless: undefined };

/** Identity over a database of its own, without repositories on disk: a test says which are there. */
export class TestIdentity {
  readonly clock = new FakeClock();
  readonly there = new Set<string>();
  /** How often the database was asked. */
  queries = 0;
  #place!: TestDatabase;
  #database!: Database;
  #close!: () => Promise<void>;
  identity!: Identity;
  authenticator!: Authenticator;

  static async open(kind: DatabaseKind, configured: Partial<ConfiguredSettings> = {}): Promise<TestIdentity> {
    const test = new TestIdentity();
    test.#place = await makeTestDatabase(kind);
    await test.#open(configured);
    return test;
  }

  async #open(configured: Partial<ConfiguredSettings>): Promise<void> {
    const database = await this.#place.open();
    this.#database = database;
    const counted: Database = {
      kind: database.kind,
      run: (queries) => (this.queries++, database.run(queries)),
      transaction: (queries) => (this.queries++, database.transaction(queries)),
      check: () => database.check(),
      close: () => database.close(),
    };
    const opened = await openIdentity({
      database: counted,
      clock: this.clock,
      places: {
        canonical: (ref): CanonicalRef => ({ ...ref, canonical: true }),
        isThere: ({ relativePath }) => this.there.has(relativePath),
      },
      configured: { ...NOT_CONFIGURED, ...configured },
      adminSecret: ADMIN_SECRET,
      onWriteFailed: (error) => {
        throw error;
      },
    });
    this.identity = opened.identity;
    this.authenticator = opened.authenticator;
    this.#close = () => opened.close();
  }

  /** Closes everything and opens it again, as a server that starts anew. */
  async reopen(configured: Partial<ConfiguredSettings> = {}): Promise<void> {
    await this.#close();
    await this.#database.close();
    await this.#open(configured);
  }

  async close(): Promise<void> {
    await this.#close();
    await this.#database.close();
    await this.#place.remove();
  }

  /** Makes a user; answers him as a caller, with what his token narrows. */
  async user(name: string, isAdmin = false): Promise<Principal> {
    const { id } = await this.identity.users.create({ name, isAdmin });
    return { kind: "user", name, user: { id, isAdmin } };
  }

  /** Makes a repository. */
  async repository(name: string, principal: Principal, isPrivate = false): Promise<RepositoryRef> {
    const ref = refOf(name);
    await this.identity.repositories.create(ref, { principal, private: isPrivate }, async () => {
      this.there.add(ref.relativePath);
    });
    return ref;
  }
}

export const refOf = (name: string): RepositoryRef => ({ storage: "default", relativePath: `${name}.git` });

/** A user as he is with a token. */
export function withToken(principal: Principal, scope: Partial<TokenScope>): Principal {
  return { ...principal, token: { id: 1, access: "write", ...scope } };
}
