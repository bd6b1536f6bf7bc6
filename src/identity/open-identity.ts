import type { Authenticator } from "../contract/authenticator.ts";
import type { Identity } from "../contract/identity.ts";
import type { Database } from "../database/database.ts";
import { Access } from "./access.ts";
import { AccessTokens } from "./access-tokens.ts";
import { Accounts } from "./accounts.ts";
import { createAuthenticator } from "./credentials.ts";
import { Records } from "./records.ts";
import { type Places, RepositoryFactsStore } from "./repository-facts.ts";
import { Revocations } from "./revocations.ts";
import { type ConfiguredSettings, StoredSettings } from "./server-settings.ts";
import { SshKeyStore } from "./ssh-keys.ts";

export interface IdentityOptions {
  readonly database: Database;
  readonly clock: { nowMs(): number };
  readonly places: Places;
  /** What the configuration says; undefined where it says nothing. */
  readonly configured: ConfiguredSettings;
  /** The built-in administrator's token. */
  readonly adminSecret: string;
  /** Told when times of last use could not be written. */
  readonly onWriteFailed: (error: unknown) => void;
}

export interface OpenedIdentity {
  readonly identity: Identity;
  readonly authenticator: Authenticator;
  /** Writes what is left to write; the database is closed by whoever opened it. */
  close(): Promise<void>;
}

/** Users, keys, tokens and records of repositories over a database. */
export async function openIdentity(options: IdentityOptions): Promise<OpenedIdentity> {
  const { database, clock, places, onWriteFailed } = options;
  const revocations = new Revocations(clock);
  const settings = await StoredSettings.open(database, options.configured, revocations);
  const facts = new RepositoryFactsStore(database);
  const accounts: Accounts = new Accounts({
    database,
    clock,
    revocations,
    onChanged: () => {
      facts.forgetAll();
      keys.forgetAll();
      tokens.forgetAll();
    },
  });
  const keys = new SshKeyStore({ database, clock, accounts, revocations });
  const tokens = new AccessTokens({ database, clock, accounts, revocations, onWriteFailed });
  const records = new Records({ database, clock, accounts, facts, places });
  const access = new Access({ accounts, database, facts, places, settings });
  const admin = { secret: options.adminSecret, account: await accounts.ensureBuiltIn() };
  return {
    identity: { access, users: accounts, keys, tokens, repositories: records, protections: records, settings },
    authenticator: createAuthenticator({ accounts, tokens, keys, revocations, settings, admin }),
    close: () => tokens.close(),
  };
}
